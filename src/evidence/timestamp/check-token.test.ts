import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  answer,
  EXTENSION,
  extension,
  makeTsa,
  newKey,
  pemOf,
  type TokenChanges,
  type Tsa,
  type TsaOptions,
} from '../../../test/fakes/token-maker.js';
import { whyNoChain } from './chain.js';
import { checkToken, type CheckedToken } from './check-token.js';
import { contextTag, TAG } from '../../lib/time-stamp/der.js';
import { der, sequence, smallInteger } from '../../../test/fakes/der-buffers.js';
import { readPem, renderPem } from './pem.js';
import { newNonce, renderRequest } from './request.js';
import { TokenProblem } from '../../lib/time-stamp/token-problem.js';

const STAMPED = Buffer.from('-----BEGIN SSH SIGNATURE-----\n');
const IMPRINT = createHash('sha256').update(STAMPED).digest();
const NONCE = Buffer.from('00c0ffee0123456789', 'hex');
const QUERY = renderRequest(IMPRINT, NONCE);
const AT_MS = Date.parse('2026-11-22T06:00:00Z');

/** Whether it is accepted, and otherwise why not. Anything but a `TokenProblem` is a bug and fails the test. */
function judged(reply: Buffer, query = QUERY, stamped = STAMPED): CheckedToken | string {
  try {
    return checkToken({ stamped, query, reply });
  } catch (error) {
    if (error instanceof TokenProblem) return error.message;
    throw error;
  }
}

const isAccepted = (verdict: CheckedToken | string): boolean => typeof verdict !== 'string';

let tsa: Tsa;
let other: Tsa;

beforeAll(() => {
  tsa = makeTsa();
  other = makeTsa({ name: 'Other' });
});

describe('a token', () => {
  it.each<[string, TsaOptions, TokenChanges]>([
    ['ECDSA P-256', {}, {}],
    ['ECDSA P-384', { kind: 'ec384' }, {}],
    ['RSA', { kind: 'rsa' }, {}],
    ['RSA-PSS', { kind: 'rsa-pss' }, {}],
    ['the older binding by SHA-1', {}, { oldBinding: true }],
    ['a fraction of a second', {}, { fraction: '.25' }],
    ['an intermediate', { withIntermediate: true }, {}],
  ])('of %s is accepted, with its time', (_, options, changes) => {
    const authority = makeTsa(options);
    const verdict = judged(answer(authority, QUERY, { genTimeMs: AT_MS, ...changes }));
    expect(verdict).toMatchObject({
      genTimeMs: AT_MS + (changes.fraction === undefined ? 0 : 250),
      accuracyMs: 1000,
      serial: '07',
      certificate: { name: 'Test time-stamping' },
    });
  });

  it('gets one envelope, whatever the authority wrote around it, and that one is accepted and stays as it is', () => {
    const rsa = makeTsa({ kind: 'rsa' });
    const plain = answer(rsa, QUERY, { genTimeMs: AT_MS });
    const stored = (judged(plain) as CheckedToken).canonicalReply;
    expect(stored).not.toEqual(plain);
    expect((judged(stored) as CheckedToken).canonicalReply).toEqual(stored);
    const wordy = answer(rsa, QUERY, {
      genTimeMs: AT_MS,
      status: sequence(smallInteger(1)),
      certificates: [rsa.root.certificate, rsa.signer.certificate],
      unsigned: sequence(smallInteger(1)),
    });
    const verdict = judged(wordy) as CheckedToken;
    expect(verdict.others.map(({ name }) => name)).toEqual(['Test root']);
    expect(verdict.canonicalReply).toEqual(stored);
  });

  const refused: [string, RegExp, (answered: (changes: TokenChanges) => Buffer) => Buffer][] = [
    ['is over other bytes', /over other bytes/, (a) => a({ imprint: Buffer.alloc(32) })],
    ['answers another nonce', /another request/, (a) => a({ nonce: newNonce() })],
    ['carries no nonce', /no nonce/, (a) => a({ nonce: null })],
    ['was refused', /refused \(status 2\): no/, (a) => a({ status: refusal('no') })],
    ['has another version', /another version/, (a) => a({ version: 2 })],
    [
      'is signed wrongly',
      /signature is wrong/,
      (a) => a({ signature: () => sequence(smallInteger(1), smallInteger(1)) }),
    ],
    ['is signed over another time', /signed digest/, (a) => a({ digestOf: Buffer.from('x') })],
    ['is signed as something else', /speak of no time-stamp/, (a) => a({ contentType: '1.2.840.113549.1.7.1' })],
    ['binds another certificate', /bind another/, (a) => a({ bound: other.signer.certificate })],
    ['brings no certificate', /brings no certificate/, (a) => a({ certificates: [] })],
    ['brings another certificate', /does not bring/, (a) => a({ certificates: [other.root.certificate] })],
    [
      'has a critical extension',
      /critical extension/,
      (a) => a({ extra: [der(contextTag(1), extension('1.2.3.4', true, Buffer.from('0500', 'hex')))] }),
    ],
    [
      'names another authority',
      /names another authority/,
      (a) => a({ extra: [der(contextTag(0), der(0xa4, sequence()))] }),
    ],
  ];
  const refusal = (text: string): Buffer => sequence(smallInteger(2), sequence(der(0x0c, Buffer.from(text))));

  it.each(refused)('that %s is refused', (_, why, make) => {
    expect(judged(make((changes) => answer(tsa, QUERY, changes)))).toMatch(why);
  });

  it.each<[string, RegExp, Buffer[]]>([
    ['without the purpose', /not for time-stamping/, [EXTENSION.usage(0x80)]],
    ['for servers', /not for time-stamping/, [EXTENSION.purpose(true, '1.3.6.1.5.5.7.3.1')]],
    ['for more', /not for time-stamping/, [EXTENSION.purpose(true, '1.3.6.1.5.5.7.3.8', '1.3.6.1.5.5.7.3.1')]],
    ['whose purpose is not critical', /not critical/, [EXTENSION.purpose(false)]],
    ['whose key may sign certificates', /not for signing alone/, [EXTENSION.purpose(), EXTENSION.usage(0x84)]],
    ['with an extension twice', /twice/, [EXTENSION.purpose(), EXTENSION.purpose()]],
  ])('of a certificate %s is refused', (_, why, extensions) => {
    expect(judged(answer(makeTsa({ signer: { extensions } }), QUERY))).toMatch(why);
  });

  it('for another request or other data is refused', () => {
    const reply = answer(tsa, QUERY);
    expect(judged(reply, renderRequest(IMPRINT, newNonce()))).toMatch(/another request/);
    expect(judged(reply, QUERY, Buffer.from('other'))).toMatch(/over other bytes/);
    expect(judged(reply, Buffer.concat([QUERY, Buffer.of(0)]))).toMatch(/another request/);
  });

  it('is refused after any change of a byte of its stored form', () => {
    const reply = (judged(answer(tsa, QUERY)) as CheckedToken).canonicalReply;
    fc.assert(
      fc.property(fc.nat(reply.length - 1), fc.integer({ min: 1, max: 255 }), (at, bits) => {
        const changed = Buffer.from(reply);
        changed[at] = (changed[at] ?? 0) ^ bits;
        const verdict = judged(changed);
        expect(typeof verdict !== 'string' && verdict.canonicalReply.equals(changed)).toBe(false);
      }),
      { numRuns: 2000 },
    );
  });

  it('of the other half of ECDSA signatures is good and has the same stored form', () => {
    const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
    const flipped = (good: Buffer): Buffer => {
      const rLength = good[3] ?? 0;
      const s = BigInt(`0x${good.subarray(6 + rLength).toString('hex')}`);
      const hex = (order - s).toString(16).padStart(64, '0');
      const bytes = Buffer.from(hex.replace(/^(00)+(?=[0-7])/, ''), 'hex');
      const signed = (bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), bytes]) : bytes;
      return sequence(good.subarray(2, 4 + rLength), der(TAG.integer, signed));
    };
    let one = Buffer.alloc(0);
    const changes = { genTimeMs: AT_MS, signature: (good: Buffer) => (one = Buffer.from(good)) };
    const first = judged(answer(tsa, QUERY, changes)) as CheckedToken;
    const second = judged(answer(tsa, QUERY, { genTimeMs: AT_MS, signature: () => flipped(one) })) as CheckedToken;
    expect(second.canonicalReply).toEqual(first.canonicalReply);
  });

  it('made of arbitrary bytes is refused, without anything else happening', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), (bytes) => {
        expect(isAccepted(judged(Buffer.from(bytes)))).toBe(false);
      }),
    );
    const nested = fc.letrec((tie) => ({
      node: fc.oneof(
        { maxDepth: 8 },
        fc.uint8Array({ maxLength: 40 }).map((bytes) => der(TAG.octetString, bytes)),
        fc
          .tuple(
            fc.constantFrom(0x30, 0x31, 0xa0, 0xa1, 0x02, 0x06),
            fc.array(tie('node') as fc.Arbitrary<Buffer>, { maxLength: 5 }),
          )
          .map(([tag, members]) => der(tag, ...members)),
      ),
    }));
    fc.assert(
      fc.property(nested.node, (bytes) => {
        expect(isAccepted(judged(bytes))).toBe(false);
      }),
    );
  });

  it('cut anywhere, or with bytes after it, is refused', () => {
    const reply = answer(tsa, QUERY);
    fc.assert(
      fc.property(fc.nat(reply.length - 1), (length) => {
        expect(isAccepted(judged(reply.subarray(0, length)))).toBe(false);
      }),
    );
    expect(isAccepted(judged(Buffer.concat([reply, Buffer.of(0)])))).toBe(false);
    expect(judged(Buffer.alloc(64 * 1024 + 1, 0x30))).toMatch(/more than 65536 bytes/);
  });
});

describe('a chain', () => {
  const tokenOf = (authority: Tsa): CheckedToken => {
    const verdict = judged(answer(authority, QUERY, { genTimeMs: AT_MS }));
    if (typeof verdict === 'string') throw new Error(verdict);
    return verdict;
  };
  const read = (...pems: string[]): ReturnType<typeof readPem>['certificates'] => readPem(pems.join('')).certificates;
  const why = (authority: Tsa, roots: readonly string[], atMs = Date.now()): string | null => {
    const { certificate, others } = tokenOf(authority);
    return whyNoChain(certificate, { intermediates: others, anchors: read(...roots), atMs });
  };

  it('leads to the root, and to no other one', () => {
    const deep = makeTsa({ withIntermediate: true });
    expect(why(tsa, [tsa.root.pem])).toBeNull();
    expect(why(deep, [other.root.pem, deep.root.pem])).toBeNull();
    expect(why(deep, [other.root.pem])).toMatch(/none of the roots/);
    expect(why(deep, [])).toMatch(/none of the roots/);
  });

  it('does not end at an intermediate unless that is enough', () => {
    const deep = makeTsa({ withIntermediate: true });
    const { certificate, others } = tokenOf(deep);
    const options = { intermediates: [], anchors: others, atMs: Date.now() };
    expect(whyNoChain(certificate, options)).toMatch(/none of the roots/);
    expect(whyNoChain(certificate, { ...options, isPartialEnough: true })).toBeNull();
  });

  it('is not fooled by a root of the same name', () => {
    expect(why(tsa, [makeTsa().root.pem])).toMatch(/none of the roots/);
  });

  it.each<[string, RegExp, () => Tsa]>([
    ['not valid at that time', /not valid at that time/, () => makeTsa({ signer: { untilMs: Date.now() - 1000 } })],
    ['of a root that was not valid', /not valid/, () => makeTsa({ root: { fromMs: Date.now() + 3_600_000 } })],
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
  ])('%s is none', (_, reason, make) => {
    const authority = make();
    expect(why(authority, [authority.root.pem])).toMatch(reason);
  });

  it('of a certificate that expired since is good at the time it was used', () => {
    const [fromMs, untilMs] = [Date.now() - 2000 * 86_400_000, Date.now() - 1000 * 86_400_000];
    const past = makeTsa({ root: { fromMs, untilMs }, signer: { fromMs, untilMs } });
    expect(why(past, [past.root.pem], untilMs - 1000)).toBeNull();
    expect(why(past, [past.root.pem])).toMatch(/not valid at that time/);
  });

  it('of many certificates that all bear the same names ends', () => {
    const loop = Array.from({ length: 300 }, () => issueNamed('Test root', 'Test root').certificate);
    const anchors = readPem(loop.map(pemOf).join('')).certificates;
    const { certificate } = tokenOf(tsa);
    expect(whyNoChain(certificate, { intermediates: anchors, anchors, atMs: Date.now() })).toMatch(/none of the roots/);
  });

  const sharedKey = newKey();
  function issueNamed(name: string, _issuer: string): { certificate: Buffer } {
    const made = makeTsa({ root: { name, key: sharedKey } });
    return { certificate: made.root.certificate };
  }
});

describe('PEM', () => {
  it('keeps certificates, and counts what is none', () => {
    const text = `comment\n${tsa.root.pem}junk\n${pemOf(Buffer.from('0500', 'hex'))}${other.root.pem}`;
    const { certificates, unusable } = readPem(text);
    expect(certificates.map(({ name }) => name)).toEqual(['Test root', 'Other root']);
    expect(unusable).toBe(1);
    expect(readPem(renderPem(certificates)).certificates.map(({ bytes }) => bytes)).toEqual([
      tsa.root.certificate,
      other.root.certificate,
    ]);
  });

  it('of arbitrary text holds nothing', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 3000 }), (text) => {
        expect(readPem(text).certificates).toEqual([]);
      }),
    );
  });
});
