import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { allowedSignersOf, gzipOf, packBag, sealedBag } from '../../test/fakes/archive-builder.js';
import { memorySigner } from '../../test/fakes/evidence-case.js';
import { trustedKey } from '../../test/fakes/tamper.js';
import { answer, EXTENSION, issue, makeTsa, type Tsa } from '../../test/fakes/token-maker.js';
import { systemClock } from '../lib/clock.js';
import { ExhibitError } from '../model/errors.js';
import type { Timestamper } from '../ports/timestamper.js';
import { retimestamp, type RetimestampSummary } from './custody-retimestamp.js';
import { verify, type VerifyRequest } from './verify.js';

let directory: string;
let archivePath: string;
let folder: string;
let rootsPath: string;
let tsa: Tsa;

const good = (by: Tsa): Timestamper => ({
  url: `http://127.0.0.1/${by.signer.name.replaceAll(' ', '-')}`,
  stamp: (query) => Promise.resolve(answer(by, Buffer.from(query))),
});
const bad: Timestamper = {
  url: 'http://127.0.0.1/bad',
  stamp: () => Promise.reject(new ExhibitError('TIMESTAMP_FAILED', 'nobody is there')),
};
const request = (more: Partial<VerifyRequest> = {}): VerifyRequest => ({
  archivePath,
  allowedSigners: { source: 'test', text: allowedSignersOf(trustedKey) },
  receiptPath: null,
  requireComplete: false,
  ...more,
});
const deps = (timestampers: readonly Timestamper[]): Parameters<typeof retimestamp>[1] => ({
  timestampers,
  signer: memorySigner(),
  clock: systemClock,
  scratchDirectory: directory,
  signal: new AbortController().signal,
});

async function stamped(...timestampers: readonly Timestamper[]): Promise<RetimestampSummary> {
  return await retimestamp(request(), deps(timestampers));
}

async function judged(tsaCaPath: string | null): Promise<{ verdict: string; results: string[] }> {
  const report = await verify(request({ tsaCaPath }), { clock: systemClock, scratchDirectory: directory });
  return { verdict: report.verdict, results: report.timestamps.map(({ result }) => result) };
}

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'exhibit-retimestamp-'));
  tsa = makeTsa();
  const bag = sealedBag(trustedKey, { statement: { policy: { requireTimestamp: true, requireSigners: 1 } } });
  archivePath = join(directory, `${bag.root}.tar.gz`);
  folder = join(directory, `${bag.root}.custody`);
  rootsPath = join(directory, 'roots.pem');
  writeFileSync(archivePath, gzipOf(packBag(bag)));
  writeFileSync(rootsPath, tsa.root.pem);
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

describe('retimestamp', () => {
  it('lifts INTACT_UNTIMESTAMPED and leaves the archive as it is', async () => {
    const before = readFileSync(archivePath);
    expect(await judged(rootsPath)).toEqual({ verdict: 'INTACT_UNTIMESTAMPED', results: [] });
    const summary = await stamped(good(tsa));
    expect(summary).toMatchObject({
      verdict: 'INTACT_UNTIMESTAMPED',
      timestamps: [{ authority: 'Test time-stamping', sequence: 1, path: join(folder, '0001-retimestamp.json') }],
      timestampFailures: [],
    });
    expect(await judged(rootsPath)).toEqual({ verdict: 'VERIFIED', results: ['passed'] });
    expect(readFileSync(archivePath)).toEqual(before);
  });

  it('covers the tokens before it, so that removing one breaks those after it', async () => {
    await stamped(good(tsa), good(makeTsa({ name: 'Other' })));
    await stamped(good(tsa));
    expect(await judged(rootsPath)).toEqual({ verdict: 'VERIFIED', results: ['passed', 'failed', 'passed'] });
    rmSync(join(folder, '0001-retimestamp.json'));
    expect(await judged(rootsPath)).toEqual({ verdict: 'INTACT_UNTIMESTAMPED', results: [] });
  });

  it('keeps what it got when another authority fails', async () => {
    const summary = await stamped(bad, good(tsa));
    expect(summary.timestampFailures).toEqual([{ url: bad.url, reason: 'nobody is there' }]);
    expect(summary.timestamps).toHaveLength(1);
    expect((await judged(rootsPath)).verdict).toBe('VERIFIED');
  });

  it('writes nothing when no authority gives a token', async () => {
    await expect(stamped(bad)).rejects.toMatchObject({ code: 'TIMESTAMP_FAILED', exitCode: 20 });
    expect(readdirSync(directory)).not.toContain(folder);
    expect((await judged(rootsPath)).verdict).toBe('INTACT_UNTIMESTAMPED');
  });

  it('stamps nothing that is not intact', async () => {
    const bytes = readFileSync(archivePath);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
    writeFileSync(archivePath, bytes);
    let asked = 0;
    const counting: Timestamper = { ...bad, stamp: () => Promise.reject(new Error(String((asked += 1)))) };
    await expect(stamped(counting)).rejects.toMatchObject({ code: 'VERIFY_FAILED' });
    expect(asked).toBe(0);
  });

  it('keeps a token with more certificates than fit: the one that signed, and the first of the others', async () => {
    const others = Array.from({ length: 3 }, (_, n) =>
      issue({ name: String(n).repeat(9600), extensions: [EXTENSION.authority()] }),
    );
    const talkative: Timestamper = {
      ...good(tsa),
      stamp: (query) =>
        Promise.resolve(
          answer(tsa, Buffer.from(query), {
            certificates: [...others.map(({ certificate }) => certificate), tsa.signer.certificate],
          }),
        ),
    };
    const summary = await stamped(talkative);
    expect(summary.timestampFailures).toEqual([]);
    const { data } = JSON.parse(readFileSync(join(folder, '0001-retimestamp.json'), 'utf8')) as {
      data: { pem: string };
    };
    const chain = Buffer.from(data.pem, 'base64').toString('latin1');
    const fitting = others.slice(0, 2).map(({ pem }) => pem);
    expect(chain).toBe([tsa.signer.pem, ...fitting].join(''));
    expect(await judged(rootsPath)).toEqual({ verdict: 'VERIFIED', results: ['passed'] });
  });

  it('takes a changed event for none', async () => {
    await stamped(good(tsa));
    const path = join(folder, '0001-retimestamp.json');
    writeFileSync(path, readFileSync(path, 'latin1').replace('"tsr":"M', '"tsr":"N'));
    expect((await judged(rootsPath)).verdict).toBe('INTACT_UNTIMESTAMPED');
  });

  it('refuses roots that hold no certificate', async () => {
    for (const text of ['nothing', tsa.signer.pem, '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n']) {
      writeFileSync(rootsPath, text);
      await expect(judged(rootsPath)).rejects.toMatchObject({ code: 'USAGE_INVALID' });
    }
    await expect(judged(join(directory, 'none.pem'))).rejects.toMatchObject({ code: 'USAGE_INVALID' });
  });
});
