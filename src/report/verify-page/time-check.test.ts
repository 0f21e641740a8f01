import { beforeAll, describe, expect, it } from 'vitest';
import {
  allowedSignersOf,
  gzipOf,
  packBag,
  receiptOf,
  sealedBag,
  type Bag,
} from '../../../test/fakes/archive-builder.js';
import { stampBag } from '../../../test/fakes/stamp-bag.js';
import { trustedKey } from '../../../test/fakes/tamper.js';
import { answer, makeTsa, type Tsa } from '../../../test/fakes/token-maker.js';
import { NOW_MS, verifyBytes } from '../../../test/fakes/verify-bytes.js';
import type { Receipt } from '../../model/exhibit.js';
import type { PageReport } from './page-report.js';
import { recordSchemas } from './record-schemas.js';
import { recordShapes } from './record-shapes.js';
import { verdictWords } from './verdict-words.js';
import { verifyInPage } from './verify-in-page.js';

const shapes = recordShapes(recordSchemas());
const YEAR_MS = 365 * 86_400_000;
/** Long before the reader looks, and the certificates are long expired then. */
const AT_MS = NOW_MS - 5 * YEAR_MS;
const AT = new Date(AT_MS).toISOString();
const validity = { fromMs: AT_MS - YEAR_MS, untilMs: AT_MS + YEAR_MS };
const trust = allowedSignersOf(trustedKey);

let tsa: Tsa;
let other: Tsa;

beforeAll(() => {
  tsa = makeTsa({ validity });
  other = makeTsa({ name: 'Other', validity });
});

const plainBag = (requireTimestamp: boolean): Bag =>
  sealedBag(trustedKey, { statement: { policy: { requireTimestamp, requireSigners: 1 } } });
const stamped = (bag: Bag, by = tsa): Bag => stampBag(bag, by, { changes: { genTimeMs: AT_MS } });
const editToken = (bag: Bag, path: string, change: (bytes: Buffer) => Buffer): Bag => {
  bag.files.set(path, change(bag.files.get(path) ?? Buffer.alloc(0)));
  return bag;
};

interface Given {
  readonly roots?: string;
  readonly signers?: string;
  readonly receipt?: Receipt;
}

/** What the page says, after making sure that the program comes to the same verdict, results and findings. */
async function judged(bag: Bag, { roots, signers = trust, receipt }: Given = {}): Promise<PageReport> {
  const container = gzipOf(packBag(bag));
  const report = await verifyInPage({
    file: new Blob([Uint8Array.from(container)]),
    receipt: receipt ?? null,
    allowedSigners: signers,
    tsaRoots: roots ?? null,
    shapes,
    nowMs: NOW_MS,
    onProgress: () => undefined,
    signal: new AbortController().signal,
  });
  const program = await verifyBytes(container, trustedKey, {
    allowedSigners: { source: 'test', text: signers },
    ...(roots === undefined ? {} : { tsaRoots: { source: 'roots.pem', text: roots } }),
    ...(receipt === undefined ? {} : { receipt }),
  });
  const essence = ({ verdict, checks, findings }: PageReport | typeof program) => ({
    verdict,
    checks: checks.map(({ check, result }) => `${check} ${result}`),
    findings: findings.map(({ check, path, found }) => `${check} ${path} ${found}`),
  });
  expect(essence(report)).toEqual(essence(program));
  const told = ({ path, result, genTime }: { path: string; result: string; genTime: string | null }): string =>
    `${path} ${result} ${genTime ?? ''}`;
  expect(report.tokens.map(told)).toEqual(program.timestamps.map(told));
  return report;
}

const timeOf = ({ checks }: PageReport): string => {
  const time = checks.find(({ check }) => check === 'time');
  return `${time?.result ?? ''}: ${time?.detail ?? ''}`;
};

describe('the time-stamp tokens of an archive in the page', () => {
  it('pass by a root that was given, and lift what the policy asks for', async () => {
    const bag = stamped(plainBag(true));
    const report = await judged(bag, { roots: tsa.root.pem });
    expect(report.verdict).toBe('VERIFIED');
    expect(timeOf(report)).toBe(
      `passed: ${AT} by Test time-stamping, by the roots that you gave. Revocation is not checked.`,
    );
  });

  it('without a root are a claim that nobody checked, in words', async () => {
    const report = await judged(stamped(plainBag(false)));
    expect(report.verdict).toBe('VERIFIED');
    expect(timeOf(report)).toBe(
      `skipped: seal/seal.tsr of ${AT}: an authority claims this time that was not checked against a list of yours.`,
    );
    const asked = await judged(stamped(plainBag(true)));
    expect(asked.verdict).toBe('INTACT_UNTIMESTAMPED');
    expect(verdictWords(asked).meaning).toContain('whose tokens it holds was not checked');
    expect(verdictWords(await judged(plainBag(true))).meaning).toContain('and none is there');
  });

  it('of another authority do not pass, and whoever gives a root asks for one that does', async () => {
    const roots = other.root.pem;
    const asked = await judged(stamped(plainBag(true)), { roots });
    expect(asked.verdict).toBe('INTACT_UNTIMESTAMPED');
    expect(verdictWords(asked).meaning).toContain('none of its tokens is by an authority that you gave the root of');
    for (const bag of [stamped(plainBag(false)), plainBag(false)]) {
      const report = await judged(bag, { roots });
      expect(report.verdict).toBe('INTACT_UNTIMESTAMPED');
      expect(verdictWords(report).meaning).toContain('You ask for a time-stamp');
    }
  });

  it('count by the earliest that passes', async () => {
    const bag = stamped(plainBag(true), other);
    stampBag(bag, tsa, { number: 2, changes: { genTimeMs: AT_MS + 3_600_000 } });
    const later = new Date(AT_MS + 3_600_000).toISOString();
    expect(timeOf(await judged(bag, { roots: tsa.root.pem }))).toContain(`passed: ${later}`);
    expect(timeOf(await judged(bag, { roots: tsa.root.pem + other.root.pem }))).toContain(`passed: ${AT}`);
  });

  it('are over the first signature, or somebody put them there', async () => {
    const alien = stamped(plainBag(true));
    const bag = plainBag(true);
    for (const path of ['seal/seal.tsq', 'seal/seal.tsr', 'seal/tsa-chain.pem'])
      bag.files.set(path, alien.files.get(path) ?? Buffer.alloc(0));
    bag.files.set(
      'seal/tagmanifest-sha256.txt.sig',
      sealedBag(trustedKey).files.get('seal/tagmanifest-sha256.txt.sig') ?? Buffer.alloc(0),
    );
    const report = await judged(bag, { roots: tsa.root.pem });
    expect(report.verdict).toBe('TAMPERED');
    expect(report.findings.map(({ check, found }) => `${check}: ${found}`)).toContain('time: it is over other bytes');
  });

  it.each<[string, (bag: Bag) => Bag]>([
    ['a turned bit', (bag) => editToken(bag, 'seal/seal.tsr', (bytes) => flipped(bytes, bytes.length - 3))],
    ['another request', (bag) => editToken(bag, 'seal/seal.tsq', (bytes) => flipped(bytes, bytes.length - 6))],
    ['a cut reply', (bag) => editToken(bag, 'seal/seal.tsr', (bytes) => bytes.subarray(0, -1))],
    ['garbage', (bag) => editToken(bag, 'seal/seal.tsr', () => Buffer.from('x'))],
    [
      'a good answer as the authority sent it, in which bytes can change unnoticed,',
      (bag) => editToken(bag, 'seal/seal.tsr', () => answer(tsa, bag.files.get('seal/seal.tsq') ?? Buffer.alloc(0))),
    ],
  ])('with %s make the archive TAMPERED', async (_, change) => {
    const report = await judged(change(stamped(plainBag(false))));
    expect(report.verdict).toBe('TAMPERED');
    expect(timeOf(report)).toBe('failed: 1 finding');
  });

  it('date the key of the first signer: one that expired since was valid then', async () => {
    const until = new Date(AT_MS + YEAR_MS).toISOString().slice(0, 10).replaceAll('-', '');
    const signers = trust.replace(' namespaces=', ` valid-before="${until}",namespaces=`);
    expect(signers).not.toBe(trust);
    const bag = stamped(plainBag(false));
    expect((await judged(bag, { signers })).verdict).toBe('UNTRUSTED_SIGNER');
    expect((await judged(bag, { signers, roots: tsa.root.pem })).verdict).toBe('VERIFIED');
  });

  it('are compared with the receipt', async () => {
    const bag = stamped(plainBag(false));
    const container = gzipOf(packBag(bag));
    const receipt = { ...receiptOf(bag, container, trustedKey), genTime: AT };
    expect((await judged(bag, { receipt })).verdict).toBe('VERIFIED');
    expect((await judged(bag, { receipt: { ...receipt, genTime: '2020-01-02T03:04:05.000Z' } })).verdict).toBe(
      'TAMPERED',
    );
  });
});

function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}
