import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { documentSchemaOf } from '../../src/cli/json-schemas.js';
import type { Sandbox } from '../../src/sandbox/start-sandbox.js';
import { User } from './exhibit.js';

const user = new User();
let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await user.sandbox([{ kind: 'status', status: 403, path: /^\/api\/v1\/configmaps/ }]);
});
afterAll(async () => {
  await sandbox.stop();
  user.remove();
});

describe('a cluster that refuses one resource', () => {
  it('is collected with exit 3, sealed with exit 3, and verifies as partial', async () => {
    await user.run('key', 'new');
    const collected = await user.json('collect', '--all', '--kubeconfig', sandbox.kubeconfigPath);
    expect(collected.exitCode).toBe(3);
    expect(documentSchemaOf('collect').safeParse(collected.document).error).toBeUndefined();
    expect(collected.document).toMatchObject({ completeness: 'partial', outcomes: { denied: 1 }, gapsTotal: 1 });
    expect(collected.document['gaps']).toMatchObject([
      { outcome: 'denied', artifact: expect.stringContaining('configmaps') as string },
    ]);

    const sealed = await user.json('seal');
    expect(sealed.exitCode).toBe(3);
    expect(documentSchemaOf('seal').safeParse(sealed.document).error).toBeUndefined();

    const archive = String(sealed.document['archivePath']);
    expect(await user.json('verify', archive)).toMatchObject({
      exitCode: 0,
      document: { verdict: 'VERIFIED_PARTIAL' },
    });
    expect(await user.json('verify', archive, '--require-complete')).toMatchObject({ exitCode: 3 });
  });
});
