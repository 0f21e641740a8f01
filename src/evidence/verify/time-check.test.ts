import { beforeAll, describe, expect, it } from 'vitest';
import {
  allowedSignersOf,
  gzipOf,
  packBag,
  receiptOf,
  sealedBag,
  sha256,
  type Bag,
} from '../../../test/fakes/archive-builder.js';
import { stampBag, tokenOver } from '../../../test/fakes/stamp-bag.js';
import { trustedKey } from '../../../test/fakes/tamper.js';
import { makeTsa, type Tsa } from '../../../test/fakes/token-maker.js';
import { NOW_MS, verifyBytes } from '../../../test/fakes/verify-bytes.js';
import type { VerifyReport } from '../../model/verdict.js';
import { Findings } from './findings.js';
import { checkTime, type LaterToken, type TsaRoots } from './time-check.js';
import type { VerifyOptions } from './verify-archive.js';

const REPLY = 'seal/seal.tsr';
const YEAR_MS = 365 * 86_400_000;
/** Long before the reader looks, and the certificates are long expired then. */
const AT_MS = NOW_MS - 5 * YEAR_MS;
const validity = { fromMs: AT_MS - YEAR_MS, untilMs: AT_MS + YEAR_MS };

let tsa: Tsa;
let other: Tsa;
let roots: TsaRoots;

const plainBag = (requireTimestamp = false): Bag =>
  sealedBag(trustedKey, { statement: { policy: { requireTimestamp, requireSigners: 1 } } });
const stampedBag = (by = tsa, bag = plainBag(true)): Bag => stampBag(bag, by, { changes: { genTimeMs: AT_MS } });
const signatureOf = (bag: Bag): Buffer => bag.files.get('seal/tagmanifest-sha256.txt.sig') ?? Buffer.alloc(0);

async function reportOf(bag: Bag, options: Partial<VerifyOptions> = {}): Promise<VerifyReport> {
  return await verifyBytes(gzipOf(packBag(bag)), trustedKey, options);
}

function timeOf({ checks }: VerifyReport): string {
  const time = checks.find(({ check }) => check === 'time');
  return `${time?.result ?? ''}: ${time?.detail ?? ''}`;
}

beforeAll(() => {
  tsa = makeTsa({ root: validity, signer: validity });
  other = makeTsa({ name: 'Other', root: validity, signer: validity });
  roots = { source: 'roots.pem', text: tsa.root.pem };
});

describe('time', () => {
  it('is skipped where there is no token and nobody asks for one', async () => {
    const report = await reportOf(plainBag());
    expect(report).toMatchObject({ verdict: 'VERIFIED', timestamps: [] });
    expect(timeOf(report)).toBe('skipped: no time-stamp token');
    expect(report.line).toContain('not checked: time (no time-stamp token)');
  });

  it('says which token is there when no root was given', async () => {
    const report = await reportOf(stampedBag(tsa, plainBag()));
    expect(report.verdict).toBe('VERIFIED');
    expect(timeOf(report)).toBe(
      `skipped: ${REPLY} of ${new Date(AT_MS).toISOString()}: whose token it is was not checked: no --tsa-ca`,
    );
    expect(report.timestamps).toMatchObject([{ result: 'skipped', genTime: new Date(AT_MS).toISOString() }]);
  });

  it('passes for a token that leads to a root, though its certificates have expired since, and the line says by whom', async () => {
    const report = await reportOf(stampedBag(), { tsaRoots: roots });
    expect(report.verdict).toBe('VERIFIED');
    expect(timeOf(report)).toMatch(
      /^passed: .* by Test time-stamping \(roots roots\.pem; revocation is not checked\)$/,
    );
    expect(report.timestamps).toMatchObject([
      { path: REPLY, result: 'passed', authority: 'Test time-stamping', accuracyMs: 1000 },
    ]);
    expect(report.line).toContain(
      `signed no later than ${new Date(AT_MS).toISOString()} (time-stamp of Test time-stamping)`,
    );
  });

  it.each<[string, () => Bag, () => Partial<VerifyOptions>]>([
    ['the policy asks and no root was given', () => stampedBag(), () => ({})],
    ['the policy asks and the token is gone', () => plainBag(true), () => ({})],
    ['the reader asks', () => plainBag(), () => ({ requireTimestamp: true })],
    ['roots are given and there is no token', () => plainBag(), () => ({ tsaRoots: roots })],
    ['the token leads to another root', () => stampedBag(other), () => ({ tsaRoots: roots })],
  ])('makes it INTACT_UNTIMESTAMPED where %s', async (_, make, options) => {
    const report = await reportOf(make(), options());
    expect(report).toMatchObject({ verdict: 'INTACT_UNTIMESTAMPED', exitCode: 4, findingsTotal: 0 });
    expect(timeOf(report)).toMatch(/^failed: /);
  });

  it('passes when one of several tokens does', async () => {
    const bag = stampBag(stampedBag(other), tsa, { number: 2, changes: { genTimeMs: AT_MS + 1000 } });
    const report = await reportOf(bag, { tsaRoots: roots });
    expect(report.verdict).toBe('VERIFIED');
    expect(timeOf(report)).toContain('1 of 2 tokens pass');
    expect(report.timestamps.map(({ result }) => result)).toEqual(['failed', 'passed']);
  });

  it('takes the earliest of those that pass', async () => {
    const bag = stampBag(stampedBag(), tsa, { number: 2, changes: { genTimeMs: AT_MS - 9000 } });
    const report = await reportOf(bag, { tsaRoots: roots });
    expect(timeOf(report)).toContain(new Date(AT_MS - 9000).toISOString());
  });

  it('is a finding for a token over another signature, whatever the trust', async () => {
    const bag = plainBag(true);
    const foreign = tokenOver(Buffer.from('another signature'), tsa);
    bag.files.set('seal/seal.tsq', foreign.query);
    bag.files.set(REPLY, foreign.reply);
    bag.files.set('seal/tsa-chain.pem', Buffer.from(foreign.chain));
    for (const options of [{}, { tsaRoots: roots }]) {
      const report = await reportOf(bag, options);
      expect(report.verdict).toBe('TAMPERED');
      expect(report.findings).toMatchObject([{ check: 'time', path: REPLY, found: 'it is over other bytes' }]);
    }
  });

  it('needs request, answer and certificates together', async () => {
    for (const path of ['seal/seal.tsq', REPLY, 'seal/tsa-chain.pem']) {
      const bag = stampedBag();
      bag.files.delete(path);
      const report = await reportOf(bag);
      expect(report.findings).toMatchObject([{ check: 'closure', path }]);
    }
  });

  it('finds every change of a byte of request and answer, without roots as well', () => {
    const { files } = stampedBag();
    const isFound = (path: string, changed: Buffer): boolean => {
      const findings = new Findings();
      const held = (asked: string): Buffer | null => (asked === path ? changed : (files.get(asked) ?? null));
      checkTime({ files: { held }, findings, roots: null, laterTokens: [] });
      return findings.countOf('time') > 0;
    };
    for (const path of ['seal/seal.tsq', REPLY]) {
      const good = files.get(path) ?? Buffer.alloc(0);
      expect(isFound(path, good)).toBe(false);
      const missed = [...good.keys()].filter((at) => {
        const changed = Buffer.from(good);
        changed[at] = (changed[at] ?? 0) ^ (1 << (at & 7));
        return !isFound(path, changed);
      });
      expect(missed).toEqual([]);
    }
  });

  it('ignores certificates beside the token that are none', async () => {
    const bag = stampedBag();
    bag.files.set('seal/tsa-chain.pem', Buffer.from('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'));
    expect((await reportOf(bag, { tsaRoots: roots })).verdict).toBe('VERIFIED');
  });

  it('takes intermediates from beside the token', async () => {
    const deep = makeTsa({ withIntermediate: true });
    const bag = stampBag(plainBag(true), deep);
    const tsaRoots = { source: 'roots.pem', text: deep.root.pem };
    expect((await reportOf(bag, { tsaRoots })).verdict).toBe('VERIFIED');
    bag.files.set('seal/tsa-chain.pem', Buffer.from(''));
    expect((await reportOf(bag, { tsaRoots })).verdict).toBe('INTACT_UNTIMESTAMPED');
  });

  it('judges a key at the proven time, else now', async () => {
    const line = allowedSignersOf(trustedKey).replace(
      'namespaces=',
      `valid-before="${dayOf(AT_MS + YEAR_MS)}",namespaces=`,
    );
    const allowedSigners = { source: 'test', text: line };
    expect((await reportOf(stampedBag(), { tsaRoots: roots, allowedSigners })).verdict).toBe('VERIFIED');
    expect((await reportOf(stampedBag(), { allowedSigners })).verdict).toBe('UNTRUSTED_SIGNER');
    const later = allowedSignersOf(trustedKey).replace(
      'namespaces=',
      `valid-after="${dayOf(AT_MS + YEAR_MS)}",namespaces=`,
    );
    const young = { source: 'test', text: later };
    expect((await reportOf(stampedBag(), { tsaRoots: roots, allowedSigners: young })).verdict).toBe('UNTRUSTED_SIGNER');
  });

  it('compares token and time with the receipt', async () => {
    const bag = stampedBag();
    const container = gzipOf(packBag(bag));
    const receipt = {
      ...receiptOf(bag, container, trustedKey),
      genTime: new Date(AT_MS).toISOString(),
      tsrSha256: sha256(bag.files.get(REPLY) ?? ''),
    };
    const verdictOf = async (changed: Partial<typeof receipt>): Promise<string> =>
      (await verifyBytes(container, trustedKey, { tsaRoots: roots, receipt: { ...receipt, ...changed } })).verdict;
    expect(await verdictOf({})).toBe('VERIFIED');
    expect(await verdictOf({ genTime: new Date(AT_MS + 1).toISOString() })).toBe('TAMPERED');
    expect(await verdictOf({ tsrSha256: sha256('other') })).toBe('TAMPERED');
  });
});

const dayOf = (atMs: number): string => new Date(atMs).toISOString().slice(0, 10).replaceAll('-', '');

describe('a token that was got later', () => {
  const later = (token: ReturnType<typeof tokenOver>, number = 1): LaterToken => ({
    path: `x.custody/000${String(number)}-retimestamp.json`,
    ...token,
  });
  const withTokens = (tokens: LaterToken[]): Partial<VerifyOptions> => ({
    tsaRoots: roots,
    laterTokens: () => Promise.resolve(tokens),
  });

  it('lifts INTACT_UNTIMESTAMPED', async () => {
    const bag = plainBag(true);
    const token = later(tokenOver(signatureOf(bag), tsa, { genTimeMs: AT_MS }));
    const report = await reportOf(bag, withTokens([token]));
    expect(report.verdict).toBe('VERIFIED');
    expect(report.timestamps).toMatchObject([{ path: token.path, result: 'passed' }]);
  });

  it('covers the tokens before it', async () => {
    const bag = stampedBag(other);
    const signature = signatureOf(bag);
    const inside = bag.files.get(REPLY) ?? Buffer.alloc(0);
    const first = later(tokenOver(Buffer.concat([signature, inside]), other, { genTimeMs: AT_MS }));
    const second = later(tokenOver(Buffer.concat([signature, inside, first.reply]), tsa, { genTimeMs: AT_MS }), 2);
    const report = await reportOf(bag, withTokens([first, second]));
    expect(report.timestamps.map(({ result }) => result)).toEqual(['failed', 'failed', 'passed']);
    const without = await reportOf(bag, withTokens([second]));
    expect(without.verdict).toBe('INTACT_UNTIMESTAMPED');
    expect(without.timestamps[1]?.detail).toBe('it is over other bytes');
  });

  it.each([
    ['in the archive', (bag: Bag) => stampBag(bag, other, { changes: { genTimeMs: AT_MS } }), []],
    ['that was got later', (bag: Bag) => bag, [AT_MS]],
  ])('that says a time before that of a token %s which it covers fails, and proves no time', async (_, make, times) => {
    const bag = make(plainBag(true));
    const inside = bag.files.get(REPLY) ?? Buffer.alloc(0);
    const [tokens, earlier] = [[] as LaterToken[], [signatureOf(bag), inside]];
    for (const [index, genTimeMs] of [...times, AT_MS - 3000].entries()) {
      tokens.push(
        later(tokenOver(Buffer.concat(earlier), index === times.length ? tsa : other, { genTimeMs }), index + 1),
      );
      earlier.push(tokens.at(-1)?.reply ?? Buffer.alloc(0));
    }
    const tsaRoots = { source: 'roots.pem', text: other.root.pem + tsa.root.pem };
    const day = (atMs: number): string => new Date(atMs).toISOString().replaceAll(/[-T:]|\.\d+/g, '');
    const text = allowedSignersOf(trustedKey).replace('namespaces=', `valid-before="${day(AT_MS - 2000)}",namespaces=`);
    const allowedSigners = { source: 'test', text };
    const options = { ...withTokens(tokens), tsaRoots };
    const report = await reportOf(bag, options);
    expect(report.verdict).toBe('VERIFIED');
    expect(report.timestamps).toMatchObject([
      { result: 'passed' },
      { result: 'failed', detail: expect.stringContaining('which it covers') as string },
    ]);
    expect(report.line).toContain(`signed no later than ${new Date(AT_MS).toISOString()}`);
    expect((await reportOf(bag, { ...options, allowedSigners })).verdict).toBe('UNTRUSTED_SIGNER');
    // Whom nobody trusts contradicts nobody, and makes no good token fail.
    const alone = await reportOf(bag, { ...options, tsaRoots: roots });
    expect(alone.timestamps.map(({ result }) => result)).toEqual(['failed', 'passed']);
  });

  it('never lowers the proven time, also where the accuracies of both explain that it is earlier', async () => {
    const bag = stampedBag();
    const stamped = Buffer.concat([signatureOf(bag), bag.files.get(REPLY) ?? Buffer.alloc(0)]);
    const token = later(tokenOver(stamped, tsa, { genTimeMs: AT_MS - 1000 }));
    const report = await reportOf(bag, withTokens([token]));
    expect(report.timestamps.map(({ result }) => result)).toEqual(['passed', 'passed']);
    expect(report.line).toContain(`signed no later than ${new Date(AT_MS).toISOString()}`);
  });

  it('that does not fit says nothing about the archive', async () => {
    const bag = plainBag(true);
    for (const token of [
      later(tokenOver(Buffer.from('other'), tsa)),
      { ...later(tokenOver(signatureOf(bag), tsa)), reply: Buffer.from('junk') },
      { ...later(tokenOver(signatureOf(bag), tsa)), query: Buffer.alloc(0) },
    ]) {
      expect(await reportOf(bag, withTokens([token]))).toMatchObject({
        verdict: 'INTACT_UNTIMESTAMPED',
        findingsTotal: 0,
      });
    }
  });

  it('is not looked for where no time is asked for', async () => {
    const report = await reportOf(plainBag(), { laterTokens: () => Promise.reject(new Error('asked')) });
    expect(report.verdict).toBe('VERIFIED');
  });
});
