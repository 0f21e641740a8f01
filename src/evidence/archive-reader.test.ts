import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gzipOf, makeBag, packBag, SAMPLE_PAYLOAD, sealedBag, sha256 } from '../../test/fakes/archive-builder.js';
import { listItems, readArchiveSummary } from './archive-reader.js';

const key = generateKeyPairSync('ed25519').privateKey;
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'exhibit-reader-'));
});

afterAll(async () => {
  await rm(directory, { recursive: true });
});

async function write(name: string, container: Buffer): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, container);
  return path;
}

describe('readArchiveSummary', () => {
  it('tells statement, gaps, collectors and folders', async () => {
    const outcomes = [
      { artifact: 'log/denied', outcome: 'denied', required: true },
      { artifact: 'log/optional', outcome: 'failed', required: false },
    ] as const;
    const container = gzipOf(packBag(sealedBag(key, { outcomes })));
    const summary = await readArchiveSummary(await write('good', container));
    expect(summary).toMatchObject({ gapsTotal: 1, containerSha256: sha256(container), sizeBytes: container.length });
    expect(summary.statement.exhibitId).toBe('case-abcd-x0001');
    expect(summary.gaps.map(({ artifact }) => artifact)).toEqual(['log/denied']);
    expect(summary.collectors).toEqual([
      {
        collector: 'sample',
        items: 3,
        sizeBytes: SAMPLE_PAYLOAD.reduce((sum, { bytes }) => sum + bytes.length, 0),
        outcomes: { collected: 2, partial: 0, empty: 0, absent: 0, denied: 1, failed: 1, skipped: 0 },
      },
    ]);
    expect(summary.folders.map(({ folder, files }) => [folder, files])).toEqual([
      ['data/cluster/lists', 1],
      ['data/pods/shop', 2],
    ]);
  });

  it('keeps a bounded number of gaps and counts all', async () => {
    const outcomes = Array.from({ length: 300 }, (_, index) => ({
      artifact: `gap/${String(index).padStart(4, '0')}`,
      outcome: 'denied' as const,
      required: true,
    }));
    const summary = await readArchiveSummary(await write('gaps', gzipOf(packBag(sealedBag(key, { outcomes })))));
    expect([summary.gaps.length, summary.gapsTotal]).toEqual([200, 300]);
  });

  it('refuses what it cannot read, and a statement that is missing', async () => {
    await expect(
      readArchiveSummary(await write('cut', gzipOf(packBag(makeBag()).subarray(0, 2048)))),
    ).rejects.toMatchObject({ code: 'VERIFY_FAILED' });
    const bag = makeBag();
    bag.files.delete('meta/exhibit.json');
    await expect(readArchiveSummary(await write('none', gzipOf(packBag(bag))))).rejects.toMatchObject({
      code: 'VERIFY_FAILED',
    });
    await expect(readArchiveSummary(join(directory, 'nothing'))).rejects.toMatchObject({ code: 'USAGE_INVALID' });
  });
});

describe('listItems', () => {
  it('gives every item in order', async () => {
    const paths: string[] = [];
    await listItems(await write('items', gzipOf(packBag(sealedBag(key)))), ({ path }) => paths.push(path));
    expect(paths).toEqual(SAMPLE_PAYLOAD.map(({ path }) => path));
  });
});
