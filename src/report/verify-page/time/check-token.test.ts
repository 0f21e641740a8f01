import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  answer,
  EXTENSION,
  extension,
  makeTsa,
  newKey,
  type TokenChanges,
  type Tsa,
  type TsaOptions,
} from '../../../../test/fakes/token-maker.js';
import { whyNoChain as programWhyNoChain } from '../../../evidence/timestamp/chain.js';
import { checkToken as programCheckToken } from '../../../evidence/timestamp/check-token.js';
import { contextTag, TAG } from '../../../lib/time-stamp/der.js';
import { der, sequence, smallInteger } from '../../../../test/fakes/der-buffers.js';
import { readPem as programReadPem } from '../../../evidence/timestamp/pem.js';
import { newNonce, renderRequest } from '../../../evidence/timestamp/request.js';
import { TokenProblem as ProgramTokenProblem } from '../../../lib/time-stamp/token-problem.js';
import type { Bytes } from '../../../lib/bytes.js';
import { whyNoChain } from './chain.js';
import { checkToken } from './check-token.js';
import { readPem } from './pem.js';
import { TokenProblem } from '../../../lib/time-stamp/token-problem.js';
import { CannotCheck } from './web-crypto.js';

const STAMPED = Buffer.from('-----BEGIN SSH SIGNATURE-----\n');
const IMPRINT = createHash('sha256').update(STAMPED).digest();
const QUERY = renderRequest(IMPRINT, Buffer.from('00c0ffee0123456789', 'hex'));
const AT_MS = Date.parse('2026-11-22T06:00:00Z');

const plain = (bytes: Uint8Array): Bytes => Uint8Array.from(bytes);

interface Accepted {
  readonly genTimeMs: number;
  readonly name: string;
  readonly others: readonly string[];
  readonly isCanonical: boolean;
}

/** What the page says, after making sure that the program says the same, to the word. */
async function judged(reply: Buffer, query = QUERY, stamped = STAMPED): Promise<Accepted | string> {
  const found = await inPage(reply, query, stamped);
  expect(found).toEqual(inProgram(reply, query, stamped));
  return found;
}

async function inPage(reply: Buffer, query: Buffer, stamped: Buffer): Promise<Accepted | string> {
  try {
    const imprint = createHash('sha256').update(stamped).digest();
    const given = { imprint: plain(imprint), query: plain(query), reply: plain(reply) };
    const { genTimeMs, certificate, others, isCanonical } = await checkToken(given);
    return { genTimeMs, name: certificate.name, others: others.map(({ name }) => name), isCanonical };
  } catch (error) {
    if (error instanceof TokenProblem) return error.message;
    throw error;
  }
}

function inProgram(reply: Buffer, query: Buffer, stamped: Buffer): Accepted | string {
  try {
    const { genTimeMs, certificate, others, canonicalReply } = programCheckToken({ stamped, query, reply });
    const isCanonical = canonicalReply.equals(reply);
    return { genTimeMs, name: certificate.name, others: others.map(({ name }) => name), isCanonical };
  } catch (error) {
    if (error instanceof ProgramTokenProblem) return error.message;
    throw error;
  }
}

const storedOf = (reply: Buffer, query = QUERY, stamped = STAMPED): Buffer =>
  programCheckToken({ stamped, query, reply }).canonicalReply;

let tsa: Tsa;
let other: Tsa;

beforeAll(() => {
  tsa = makeTsa();
  other = makeTsa({ name: 'Other' });
});
afterEach(() => {
  vi.unstubAllGlobals();
});

describe('the page and the program agree on a token', () => {
  it.each<[string, TsaOptions, TokenChanges]>([
    ['ECDSA P-256', {}, {}],
    ['ECDSA P-384', { kind: 'ec384' }, {}],
    ['RSA', { kind: 'rsa' }, {}],
    ['RSA-PSS', { kind: 'rsa-pss' }, {}],
    ['the older binding by SHA-1', {}, { oldBinding: true }],
    ['a fraction of a second', {}, { fraction: '.25' }],
    ['an intermediate', { withIntermediate: true }, {}],
    ['a name outside ASCII', { name: 'T\u00e9st' }, {}],
  ])('of %s, which is good, and in its stored form canonical', async (_, options, changes) => {
    const reply = answer(makeTsa(options), QUERY, { genTimeMs: AT_MS, ...changes });
    const genTimeMs = AT_MS + (changes.fraction === undefined ? 0 : 250);
    expect(await judged(reply)).toMatchObject({ genTimeMs, isCanonical: false });
    expect(await judged(storedOf(reply))).toMatchObject({ genTimeMs, isCanonical: true });
  });

  it.each(['rsa', 'ec'])('of openssl with %s', async (kind) => {
    const folder = join(import.meta.dirname, '../../../evidence/timestamp/fixtures');
    const [query, reply] = [readFileSync(join(folder, `${kind}.tsq`)), readFileSync(join(folder, `${kind}.tsr`))];
    const stamped = Buffer.from('recorded\n');
    expect(await judged(reply, query, stamped)).toMatchObject({ name: `openssl ${kind} time-stamping` });
    expect(await judged(storedOf(reply, query, stamped), query, stamped)).toMatchObject({ isCanonical: true });
  });

  it.each<[string, RegExp, TokenChanges]>([
    ['is over other bytes', /over other bytes/, { imprint: Buffer.alloc(32) }],
    ['answers another nonce', /another request/, { nonce: newNonce() }],
    ['carries no nonce', /no nonce/, { nonce: null }],
    [
      'was refused',
      /refused \(status 2\): no/,
      { status: sequence(smallInteger(2), sequence(der(0x0c, Buffer.from('no')))) },
    ],
    ['has another version', /another version/, { version: 2 }],
    ['is signed wrongly', /signature is wrong/, { signature: () => sequence(smallInteger(1), smallInteger(1)) }],
    ['is signed with no signature at all', /signature is wrong/, { signature: () => Buffer.from('x') }],
    ['is signed over another time', /signed digest/, { digestOf: Buffer.from('x') }],
    ['is signed as something else', /speak of no time-stamp/, { contentType: '1.2.840.113549.1.7.1' }],
    ['brings no certificate', /brings no certificate/, { certificates: [] }],
    ['names another authority', /names another authority/, { extra: [der(contextTag(0), der(0xa4, sequence()))] }],
    [
      'has a critical extension',
      /critical extension/,
      { extra: [der(contextTag(1), extension('1.2.3.4', true, Buffer.from('0500', 'hex')))] },
    ],
  ])('that %s, which is refused', async (_, why, changes) => {
    expect(await judged(answer(tsa, QUERY, changes))).toMatch(why);
  });

  it('of another certificate, which is refused', async () => {
    expect(await judged(answer(tsa, QUERY, { bound: other.signer.certificate }))).toMatch(/bind another/);
    expect(await judged(answer(tsa, QUERY, { certificates: [other.root.certificate] }))).toMatch(/does not bring/);
    const reply = answer(tsa, QUERY);
    expect(await judged(reply, renderRequest(Buffer.alloc(32), newNonce()))).toMatch(/another request/);
    expect(await judged(reply, QUERY, Buffer.from('other'))).toMatch(/over other bytes/);
  });

  it.each<[string, RegExp, Buffer[]]>([
    ['without the purpose', /not for time-stamping/, [EXTENSION.usage(0x80)]],
    ['for more', /not for time-stamping/, [EXTENSION.purpose(true, '1.3.6.1.5.5.7.3.8', '1.3.6.1.5.5.7.3.1')]],
    ['whose purpose is not critical', /not critical/, [EXTENSION.purpose(false)]],
    ['whose key may sign certificates', /not for signing alone/, [EXTENSION.purpose(), EXTENSION.usage(0x84)]],
    ['with an extension twice', /twice/, [EXTENSION.purpose(), EXTENSION.purpose()]],
  ])('of a certificate %s, which is refused', async (_, why, extensions) => {
    expect(await judged(answer(makeTsa({ signer: { extensions } }), QUERY))).toMatch(why);
  });

  it.each(['ec', 'rsa'] as const)(
    'with any byte of its stored form changed (%s), and none of them passes',
    async (kind) => {
      const reply = storedOf(answer(makeTsa({ kind }), QUERY));
      await fc.assert(
        fc.asyncProperty(fc.nat(reply.length - 1), fc.integer({ min: 1, max: 255 }), async (at, bits) => {
          const changed = Buffer.from(reply);
          changed[at] = (changed[at] ?? 0) ^ bits;
          const found = await inPage(changed, QUERY, STAMPED);
          expect(typeof found !== 'string' && found.isCanonical).toBe(false);
          expect(typeof inProgram(changed, QUERY, STAMPED)).toBe(typeof found);
        }),
        { numRuns: 400 },
      );
    },
  );

  it('made of arbitrary bytes, cut, or with bytes after it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 500 }), async (bytes) => {
        expect(await judged(Buffer.from(bytes))).toBeTypeOf('string');
      }),
    );
    const reply = answer(tsa, QUERY);
    await fc.assert(
      fc.asyncProperty(fc.nat(reply.length - 1), async (end) => {
        expect(await judged(reply.subarray(0, end))).toBeTypeOf('string');
      }),
    );
    expect(await judged(Buffer.concat([reply, Buffer.of(0)]))).toBeTypeOf('string');
    expect(await judged(Buffer.alloc(64 * 1024 + 1, 0x30))).toMatch(/more than 65536 bytes/);
  });
});

describe('the page and the program agree on a chain', () => {
  /** Why not, from a good token on. */
  async function why(authority: Tsa, roots: readonly string[], atMs = Date.now()): Promise<string | null> {
    const reply = answer(authority, QUERY, { genTimeMs: AT_MS });
    const token = await checkToken({ imprint: plain(IMPRINT), query: plain(QUERY), reply: plain(reply) });
    const found = await whyNoChain(token.certificate, {
      intermediates: token.others,
      anchors: readPem(roots.join('')),
      atMs,
    });
    const program = programCheckToken({ stamped: STAMPED, query: QUERY, reply });
    const anchors = programReadPem(roots.join('')).certificates;
    expect(programWhyNoChain(program.certificate, { intermediates: program.others, anchors, atMs })).toBe(found);
    return found;
  }

  it.each(['ec', 'ec384', 'rsa', 'rsa-pss'] as const)(
    'that leads to the root, and to no other one: %s',
    async (kind) => {
      const deep = makeTsa({ withIntermediate: true, kind });
      expect(await why(deep, [other.root.pem, deep.root.pem])).toBeNull();
      expect(await why(deep, [other.root.pem, makeTsa({ kind }).root.pem])).toMatch(/none of the roots/);
      expect(await why(deep, [])).toMatch(/none of the roots/);
      expect(await why(deep, [deep.intermediate?.pem ?? ''])).toMatch(/none of the roots/);
    },
  );

  it.each<[string, RegExp, () => Tsa]>([
    ['not valid at that time', /not valid at that time/, () => makeTsa({ signer: { untilMs: Date.now() - 1000 } })],
    [
      'under a root that is no authority',
      /no authority/,
      () => makeTsa({ root: { extensions: [EXTENSION.usage(6)] } }),
    ],
    [
      'under a root that must not sign certificates',
      /must not sign/,
      () => makeTsa({ root: { extensions: [EXTENSION.authority(), EXTENSION.usage(0x80)] } }),
    ],
    [
      'longer than its root allows',
      /of that length/,
      () => makeTsa({ withIntermediate: true, root: { extensions: [EXTENSION.authority(0)] } }),
    ],
    [
      'with an unknown critical extension',
      /critical extension/,
      () =>
        makeTsa({
          root: { extensions: [EXTENSION.authority(), extension('1.2.3.4', true, Buffer.from('0500', 'hex'))] },
        }),
    ],
    [
      'under limits of names',
      /limits names/,
      () => makeTsa({ root: { extensions: [EXTENSION.authority(), extension('2.5.29.30', false, sequence())] } }),
    ],
  ])('that is %s', async (_, reason, make) => {
    const authority = make();
    expect(await why(authority, [authority.root.pem])).toMatch(reason);
  });

  it('of a certificate that expired since and was valid then', async () => {
    const [fromMs, untilMs] = [Date.now() - 2000 * 86_400_000, Date.now() - 1000 * 86_400_000];
    const past = makeTsa({ root: { fromMs, untilMs }, signer: { fromMs, untilMs } });
    expect(await why(past, [past.root.pem], untilMs - 1000)).toBeNull();
    expect(await why(past, [past.root.pem])).toMatch(/not valid at that time/);
  });

  it('of many certificates that all bear the same names, and the search ends', async () => {
    const key = newKey();
    const loop = Array.from({ length: 300 }, () => makeTsa({ root: { name: 'Test root', key } }).root.pem);
    expect(await why(tsa, loop)).toMatch(/none of the roots/);
  });
});

describe('the page', () => {
  it('reads no more of a list of roots than it should, and passes over what is none', () => {
    expect(readPem(`x ${tsa.root.pem} y ${other.root.pem.replace(/\w{8}/, '????')}`).map(({ name }) => name)).toEqual([
      'Test root',
    ]);
    fc.assert(
      fc.property(fc.string({ maxLength: 3000 }), (text) => {
        expect(readPem(text)).toEqual([]);
      }),
    );
    expect(readPem(tsa.root.pem.repeat(1100))).toHaveLength(1000);
  });

  it('says that it cannot check where there is no WebCrypto, and not that the token is bad', async () => {
    vi.stubGlobal('crypto', {});
    await expect(inPage(answer(tsa, QUERY), QUERY, STAMPED)).rejects.toBeInstanceOf(CannotCheck);
    expect(await inPage(answer(tsa, QUERY, { imprint: Buffer.alloc(32) }), QUERY, STAMPED)).toMatch(/other bytes/);
  });

  it('refuses a signature whose numbers are too long for their curve', async () => {
    const long = der(TAG.integer, Buffer.concat([Buffer.of(1), Buffer.alloc(40)]));
    expect(await judged(answer(tsa, QUERY, { signature: () => sequence(long, smallInteger(1)) }))).toMatch(
      /signature is wrong/,
    );
  });
});
