import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asciiJson } from '../lib/ascii-json.js';
import { operatorSchema } from '../model/exhibit.js';
import type { ClusterReader } from '../ports/cluster-reader.js';
import { observeIdentity } from './observe-identity.js';

/** `userInfo` is what the API server puts into its answer, in JSON. */
async function observed(userInfo: string, status = 201): ReturnType<typeof observeIdentity> {
  const body = Buffer.from(`{"status":{"userInfo":${userInfo}}}`);
  const answer = { status, body, serverDate: null, headAtMs: 0, sentAtMs: 0 };
  const cluster = { facts: { server: 'https://x' }, review: () => Promise.resolve(answer) };
  return await observeIdentity(cluster as unknown as ClusterReader, 'open');
}

const many = (count: number, text = 'n'): string[] => Array.from({ length: count }, (_, n) => `${text}${String(n)}`);

describe('observeIdentity', () => {
  it('keeps an ordinary identity as it is', async () => {
    const user = { username: 'u\u00fc', uid: '1', groups: many(200), extra: { k: many(20) } };
    expect((await observed(JSON.stringify(user))).apiIdentity).toEqual(user);
  });

  it('says so when the server does not', async () => {
    expect(await observed('{}')).toMatchObject({ apiIdentity: null, unknownBecause: 'SelfSubjectReview answered 201' });
    expect((await observed('{"username":"x"}', 403)).apiIdentity).toBeNull();
  });

  it('cuts what is more than is kept, and says how much it was', async () => {
    const extra = Object.fromEntries(many(101, 'key').map((key) => [key, ['v']]));
    extra['key0'] = many(21);
    const user = { username: 'u'.repeat(1025), uid: '', groups: many(20_000), extra };
    const { apiIdentity } = await observed(JSON.stringify(user));
    expect(apiIdentity?.username).toBe('u'.repeat(1024));
    expect(apiIdentity?.groups).toEqual(many(200));
    expect(Object.keys(apiIdentity?.extra ?? {})).toEqual(many(100, 'key'));
    expect(apiIdentity?.extra['key0']).toEqual(many(20));
    expect(apiIdentity?.truncated).toEqual({
      groupsTotal: 20_000,
      extraKeysTotal: 101,
      extraValuesTotal: 121,
      textsShortened: 1,
    });
  });

  it('gives what the schema takes and one record holds, whatever the server says', async () => {
    const wide = '\u{1f600}'.repeat(2000);
    const user = {
      username: wide,
      uid: wide,
      groups: Array<string>(200).fill(wide),
      extra: Object.fromEntries(many(100).map((key) => [key, Array<string>(20).fill(wide)])),
    };
    const { apiIdentity } = await observed(JSON.stringify(user));
    expect(asciiJson(apiIdentity).length).toBeLessThan(300 * 1024);
    expect(apiIdentity?.truncated).toMatchObject({ groupsTotal: 200, extraValuesTotal: 2000 });
    // Half a surrogate pair as a key is what JSON can say and our records cannot.
    const odd =
      '{"username":"\\ud800","groups":[1,"a"],"extra":{"\\ud800":["\\udc00"],"__proto__":["p"],"toString":["t"]}}';
    expect((await observed(odd)).apiIdentity).toMatchObject({
      username: '\ufffd',
      groups: ['a'],
      extra: { '\ufffd': ['\ufffd'], 'toString': ['t'] },
      truncated: { extraKeysTotal: 3 },
    });
    await fc.assert(
      fc.asyncProperty(fc.json(), async (json) => {
        const found = await observed(`{"username":"u","groups":${json},"extra":${json}}`);
        const operator = { apiIdentity: found.apiIdentity, cloudIdentity: null, osUser: '', host: '' };
        expect(operatorSchema.parse(JSON.parse(asciiJson(operator)))).toEqual(operator);
      }),
    );
  });
});
