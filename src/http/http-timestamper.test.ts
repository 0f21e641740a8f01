import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { inMemory, startTsa, type TsaBehaviour, type TsaServer } from '../../test/fakes/tsa-server.js';
import { renderRequest, newNonce } from '../evidence/timestamp/request.js';
import { systemClock } from '../lib/clock.js';
import { ExhibitError } from '../model/errors.js';
import { createHttpTimestamper, type TimestamperLimits } from './http-timestamper.js';

const QUERY = renderRequest(randomBytes(32), newNonce());
/** Only the waits between tries are short: a slow machine must not look like a slow authority. */
const LIMITS: Partial<TimestamperLimits> = { pausesMs: [1, 1] };

let server: TsaServer;
let retries: string[];

beforeEach(async () => {
  server = await startTsa(inMemory());
  retries = [];
});
afterEach(async () => {
  await server.stop();
});

async function asked(limits = LIMITS, signal?: AbortSignal): Promise<Buffer | ExhibitError> {
  const timestamper = createHttpTimestamper({
    url: server.url,
    userAgent: 'exhibit/0',
    variables: {},
    clock: systemClock,
    onRetry: (text) => retries.push(text),
    limits,
  });
  try {
    return await timestamper.stamp(QUERY, signal);
  } catch (error) {
    if (error instanceof ExhibitError) return error;
    throw error;
  }
}

describe('createHttpTimestamper', () => {
  it('posts the request as it is and returns the answer as it is', async () => {
    const reply = await asked();
    expect(Buffer.isBuffer(reply)).toBe(true);
    expect(server.queries).toEqual([QUERY]);
    expect(retries).toEqual([]);
  });

  it('takes an answer that only the end of the connection ends', async () => {
    server.behaviour = 'closes';
    expect(Buffer.isBuffer(await asked())).toBe(true);
  });

  it('asks again after a passing failure, and says so', async () => {
    server.behaviour = 'error-once';
    expect(Buffer.isBuffer(await asked())).toBe(true);
    expect(server.queries).toHaveLength(2);
    expect(retries).toEqual([expect.stringContaining('HTTP status 503')]);
  });

  it.each<[TsaBehaviour, RegExp, number, Partial<TimestamperLimits>?]>([
    ['error', /HTTP status 503/, 3],
    ['cut', /not read to the end/, 3],
    ['not-found', /HTTP status 404/, 1],
    ['redirects', /HTTP status 302/, 1],
    ['endless', /longer than the limit of 65536 bytes/, 1],
    ['silent', /no answer within 20 ms/, 1, { ...LIMITS, firstByteMs: 20 }],
    ['dribbles', /not read to the end/, 1, { ...LIMITS, idleMs: 20 }],
  ])('gives up on an authority that answers with %s', async (behaviour, why, tries, limits = LIMITS) => {
    server.behaviour = behaviour;
    const error = await asked(limits);
    expect(error).toMatchObject({ code: 'TIMESTAMP_FAILED', exitCode: 20, subject: server.url });
    expect((error as ExhibitError).message).toMatch(why);
    expect(server.queries).toHaveLength(tries);
  });

  it('gives up where nobody listens', async () => {
    await server.stop();
    expect(await asked()).toMatchObject({
      code: 'TIMESTAMP_FAILED',
      message: expect.stringContaining('cannot be reached') as string,
    });
    expect(retries).toHaveLength(2);
    server = await startTsa(inMemory());
  });

  it('stops when it is told to', async () => {
    server.behaviour = 'silent';
    const controller = new AbortController();
    const answer = asked(LIMITS, controller.signal);
    controller.abort();
    expect(await answer).toMatchObject({ code: 'TIMESTAMP_FAILED' });
    expect(retries).toEqual([]);
  });
});
