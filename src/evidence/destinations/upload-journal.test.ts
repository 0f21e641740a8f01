import {
  appendFileSync,
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { UploadBegun, UploadJournal } from '../../ports/destination.js';
import { createUploadJournal } from './upload-journal.js';

const LOCATION = 's3://vault/2026/k7m2p9-x0001.tar.gz';
const BEGUN: UploadBegun = {
  location: LOCATION,
  uploadId: 'an-upload',
  sha256: 'a'.repeat(64),
  sizeBytes: 40,
  partBytes: 16,
  lock: { retention: { mode: 'governance', untilAt: '2031-12-31T00:00:00.000Z' }, legalHold: false },
};
const partOf = (part: number) => ({ part, sha256: 'b'.repeat(64), etag: `"${String(part)}"` });

let directory: string;
let journal: UploadJournal;

beforeEach(() => {
  directory = join(mkdtempSync(join(tmpdir(), 'exhibit-journal-')), 'uploads');
  journal = createUploadJournal(directory);
});
afterEach(() => {
  rmSync(join(directory, '..'), { recursive: true });
});

const path = (): string => join(directory, readdirSync(directory)[0] ?? 'none');

describe('the journal of uploads', () => {
  it('remembers what was begun and stored, for its owner only, until it is told to forget', async () => {
    expect(await journal.load(LOCATION)).toBeNull();
    await journal.begin(BEGUN);
    await Promise.all([journal.stored(LOCATION, partOf(2)), journal.stored(LOCATION, partOf(1))]);
    const loaded = await createUploadJournal(directory).load(LOCATION);
    expect(loaded?.begun).toEqual(BEGUN);
    expect(loaded?.parts).toHaveLength(2);
    expect(loaded?.parts).toEqual(expect.arrayContaining([partOf(1), partOf(2)]));
    expect([directory, path()].map((at) => statSync(at).mode & 0o777)).toEqual([0o700, 0o600]);
    await journal.forget(LOCATION);
    await journal.forget(LOCATION);
    expect(await journal.load(LOCATION)).toBeNull();
  });

  it('keeps uploads apart, and begins anew when told to', async () => {
    await journal.begin(BEGUN);
    await journal.begin({ ...BEGUN, location: `${LOCATION}.age`, uploadId: 'another' });
    await journal.stored(LOCATION, partOf(1));
    await journal.begin({ ...BEGUN, uploadId: 'later' });
    expect(await journal.load(LOCATION)).toEqual({ begun: { ...BEGUN, uploadId: 'later' }, parts: [] });
    expect((await journal.load(`${LOCATION}.age`))?.begun.uploadId).toBe('another');
  });

  it('knows nothing from a torn or strange line on', async () => {
    await journal.begin(BEGUN);
    await journal.stored(LOCATION, partOf(1));
    appendFileSync(path(), '{"part":2,"sha');
    expect((await journal.load(LOCATION))?.parts).toEqual([partOf(1)]);
    await journal.stored(LOCATION, partOf(3));
    expect((await journal.load(LOCATION))?.parts).toEqual([partOf(1)]);
  });

  it('does not take the record of one upload for that of another', async () => {
    await journal.begin(BEGUN);
    writeFileSync(path(), readFileSync(path(), 'utf8').replace('2026', '2027'));
    expect(await journal.load(LOCATION)).toBeNull();
  });

  it('is not shared with others', async () => {
    await journal.begin(BEGUN);
    chmodSync(directory, 0o755);
    await expect(journal.begin(BEGUN)).rejects.toMatchObject({ code: 'STORAGE_UNSAFE' });
  });

  it('makes of any bytes nothing, or what was written', async () => {
    await journal.begin(BEGUN);
    await journal.stored(LOCATION, partOf(1));
    const good = readFileSync(path());
    await fc.assert(
      fc.asyncProperty(fc.nat(good.length - 1), fc.uint8Array({ maxLength: 20 }), async (at, bytes) => {
        writeFileSync(path(), Buffer.concat([good.subarray(0, at), bytes, good.subarray(at + bytes.length)]));
        const loaded = await journal.load(LOCATION);
        expect(loaded === null || loaded.begun.location === LOCATION).toBe(true);
        for (const part of loaded?.parts ?? []) expect(part.sha256).toMatch(/^[0-9a-f]{64}$/);
      }),
      { numRuns: 200 },
    );
  });
});
