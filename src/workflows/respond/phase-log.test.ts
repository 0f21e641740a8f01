import { describe, expect, it } from 'vitest';
import { ExhibitError } from '../../model/errors.js';
import { settle } from './phase-log.js';

const fails = (error: ExhibitError) => settle(() => Promise.reject(error));

describe('a phase that fails', () => {
  it.each(['INTERRUPTED', 'CLUSTER_UNAUTHENTICATED', 'PLATFORM_UNAUTHENTICATED', 'STORAGE_FULL'] as const)(
    'stops the response with %s, so that it goes on and is not sealed without it',
    async (code) => {
      await expect(fails(new ExhibitError(code, 'why'))).rejects.toMatchObject({ code });
    },
  );

  it.each(['PLATFORM_DENIED', 'PLATFORM_UNREACHABLE', 'TARGET_GONE', 'CLUSTER_FORBIDDEN'] as const)(
    'stops no other phase with %s',
    async (code) => {
      expect(await fails(new ExhibitError(code, 'why'))).toEqual({ outcome: 'failed', reason: `${code}: why` });
    },
  );
});
