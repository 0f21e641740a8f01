import { createHash, createPrivateKey } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { openCaseStore } from '../../src/evidence/case-store.js';
import { sealExhibit } from '../../src/evidence/seal-exhibit.js';
import { parseInstant } from '../../src/lib/clock.js';
import type { Kind } from '../../src/model/exhibit.js';
import type { Outcome } from '../../src/model/outcome.js';
import type { Clock } from '../../src/ports/clock.js';
import { memorySigner, OPENING, quietIo, SBOM } from '../fakes/evidence-case.js';

/** The same spool, clock and ids give the same tar bytes up to `seal/`. UPDATE_GOLDEN=1 writes what is expected anew; judge the diff. */
/** A key that everybody knows: 32 bytes of 7 behind the prefix of a PKCS#8 ed25519 key. Deterministic signatures, so even `seal/` repeats. */
const KEY = createPrivateKey({
  key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.alloc(32, 7)]),
  format: 'der',
  type: 'pkcs8',
});

const FOLDER = join(import.meta.dirname, 'seal');

interface GoldenCase {
  readonly caseId: string;
  readonly kind: Kind;
  readonly clock: string;
  readonly artifacts: readonly {
    readonly artifact: string;
    readonly outcome: Outcome;
    readonly reason: string;
    readonly items: readonly { readonly path: string; readonly file: string }[];
  }[];
}

interface Member {
  readonly path: string;
  readonly body: Buffer;
}

/** The members of a canonical tar, by a reading that shares nothing with the program's own. */
function membersOf(tar: Buffer): Member[] {
  const text = (at: number, length: number): string => tar.subarray(at, at + length).toString('latin1').split('\0')[0] ?? '';
  const members: Member[] = [];
  for (let at = 0; text(at, 100) !== ''; ) {
    const prefix = text(at + 345, 155);
    const sizeBytes = Number.parseInt(text(at + 124, 12), 8);
    members.push({
      path: (prefix === '' ? '' : `${prefix}/`) + text(at, 100),
      body: tar.subarray(at + 512, at + 512 + sizeBytes),
    });
    at += 512 + Math.ceil(sizeBytes / 512) * 512;
  }
  return members;
}

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'golden-seal-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function sealGolden(directory: string): Promise<Member[]> {
  const golden = parse(await readFile(join(FOLDER, 'case.yaml'), 'utf8')) as GoldenCase;
  const at = golden.clock;
  const clock: Clock = { nowMs: () => parseInstant(at) ?? 0, monoUs: () => 1_000_000, bootId: () => '00000000-0000-4000-8000-000000000000' };
  const ids = { uuid: () => '00000000-0000-4000-8000-000000000001', token: () => golden.caseId };
  const store = openCaseStore({ casesDirectory: join(directory, 'cases'), clock, ids, io: quietIo });
  const { caseId } = await store.create({ reference: 'REF', reason: 'golden', authority: 'not stated', operator: 'tester', hold: null });
  const openCase = await store.open(caseId);
  const exhibit = await openCase.openExhibit({ kind: golden.kind });
  await exhibit.writeOpening({ ...OPENING, tool: { ...OPENING.tool, nodeVersion: 'v20.19.0' } });
  for (const { artifact, outcome, reason, items } of golden.artifacts) {
    await exhibit.plan({ artifact, collector: 'golden', required: true, source: artifact, plannedAt: at });
    for (const { path, file } of items) {
      const writer = await exhibit.sink.open({ path, artifact, collector: 'golden', vantage: 'api', sensitivity: 'normal' });
      await writer.write(await readFile(join(FOLDER, 'input', file)));
      await writer.commit({ subject: {}, source: { uri: artifact, method: 'GET', status: 200 }, outcome: 'collected', sourceChanged: false, firstByteAt: at, lastByteAt: at });
    }
    await exhibit.outcome({ artifact, collector: 'golden', required: true, outcome, reason, detail: '', proof: { status: 200 }, attempts: 1, at });
  }
  const { archivePath, report } = await sealExhibit({
    openCase,
    exhibit,
    signer: memorySigner(KEY),
    clock,
    io: quietIo,
    policy: { requireTimestamp: false, requireSigners: 1 },
    sbom: SBOM,
  });
  expect(report.verdict).toBe('VERIFIED_PARTIAL');
  await exhibit.close();
  await openCase.release();
  return membersOf(gunzipSync(await readFile(archivePath)));
}

function listingOf(members: readonly Member[]): string {
  return members
    .map(({ path, body }) => `${createHash('sha256').update(body).digest('hex')} ${String(body.length).padStart(7)} ${path}\n`)
    .join('');
}

describe('a sealed exhibit', () => {
  it('has the members that are expected, byte for byte', async () => {
    const members = await sealGolden(folder);
    const listing = listingOf(members);
    const expected = join(FOLDER, 'expected/members.txt');
    const custody = members.find(({ path }) => path.endsWith('custody/acquisition.jsonl'))?.body.toString('latin1') ?? '';
    const expectedCustody = join(FOLDER, 'expected/acquisition.jsonl');
    if (process.env['UPDATE_GOLDEN'] === '1') {
      await writeFile(expected, listing);
      await writeFile(expectedCustody, custody);
    }
    expect(custody).toBe(await readFile(expectedCustody, 'latin1'));
    expect(listing).toBe(await readFile(expected, 'utf8'));
  });

  it('holds the payload as it came in', async () => {
    const members = await sealGolden(folder);
    const log = members.find(({ path }) => path.endsWith('/current.log'));
    expect(log?.body.equals(await readFile(join(FOLDER, 'input/current.log')))).toBe(true);
  });

  it('gives the same members in the same order a second time', async () => {
    const once = await sealGolden(await mkdtemp(join(folder, 'one-')));
    const again = await sealGolden(await mkdtemp(join(folder, 'two-')));
    expect(listingOf(again)).toBe(listingOf(once));
  });
});
