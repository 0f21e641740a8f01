import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BlockSource, ChangedBlock } from '../../ports/block-source.js';
import { ChangedRanges } from './changed-ranges.js';
import { compareManifests } from './compare-manifests.js';
import { hashImage, type HashedImage } from './hash-image.js';
import { ImageFile } from './image-file.js';
import { openManifest } from './read-manifest.js';

const BLOCK = 512;
const NAME = 'aws:eu-central-1:snap-0123456789abcdef0';

/** A source in memory; reading a block of `bad` fails. */
function sourceOf(blocks: ReadonlyMap<number, Buffer>, sizeBytes: number, bad = -1) {
  const read: number[] = [];
  const source: BlockSource = {
    name: NAME,
    snapshot: 'snap-0123456789abcdef0',
    facts: async () => ({ volume: null, account: null, takenAt: null, unknownBecause: 'a test' }),
    counts: () => ({ requests: 0, throttled: 0, repeated: 0 }),
    async *list(from) {
      const indexes = [...blocks.keys()].filter((index) => index >= from);
      yield { sizeBytes, blockBytes: BLOCK, blocks: [] };
      yield { sizeBytes, blockBytes: BLOCK, blocks: indexes.map((index) => ({ index, token: '' })) };
    },
    read: async ({ index }) => {
      read.push(index);
      // Later ones are faster, so that order is not given by chance.
      for (let turn = index % 7; turn < 7; turn += 1) await Promise.resolve();
      if (index === bad) throw new Error('as the test wants it');
      const bytes = blocks.get(index)!;
      return { bytes, sha256: createHash('sha256').update(bytes).digest('hex') };
    },
  };
  return { source, read };
}

/** Block indexes of an image of so many blocks, each with a byte that fills it; the last block may be cut by the end. */
const images = fc
  .record({
    blocks: fc.dictionary(fc.integer({ min: 0, max: 299 }).map(String), fc.integer({ min: 0, max: 255 }), {
      maxKeys: 80,
    }),
    cut: fc.integer({ min: 0, max: BLOCK - 1 }),
  })
  .map(({ blocks, cut }) => ({
    sizeBytes: 300 * BLOCK - cut,
    blocks: new Map(
      Object.entries(blocks)
        .map(([index, byte]): [number, Buffer] => [Number(index), Buffer.alloc(BLOCK, byte)])
        .sort(([a], [b]) => a - b),
    ),
  }));

describe('an image that is hashed in one pass', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'exhibit-image-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  const run = async (source: BlockSource, path: string | null): Promise<HashedImage & { manifest: string }> => {
    const file = path === null ? null : await ImageFile.open(path, source.name);
    let manifest = '';
    try {
      const image = await hashImage({
        ...{ source, file, signal: new AbortController().signal, onProgress: () => undefined },
        writeManifest: (text) => void (manifest += text),
      });
      await file?.publish();
      return { ...image, manifest };
    } finally {
      await file?.close();
    }
  };
  const stock = (path: string): string => execFileSync('sha256sum', [path], { encoding: 'utf8' }).slice(0, 64);

  it('has the digest that sha256sum gives of the file, whatever is a hole', async () => {
    await fc.assert(
      fc.asyncProperty(images, async ({ blocks, sizeBytes }) => {
        const path = join(folder, 'image');
        rmSync(path, { force: true });
        const { imageSha256, manifest } = await run(sourceOf(blocks, sizeBytes).source, path);
        expect(stock(path)).toBe(imageSha256);
        expect(readFileSync(path)).toHaveLength(sizeBytes);
        expect((await run(sourceOf(blocks, sizeBytes).source, null)).manifest).toBe(manifest);
      }),
      { numRuns: 30 },
    );
  });

  it('goes on where it broke off, at whatever block, and asks for nothing that is on the disk', async () => {
    const blocks = new Map(
      Array.from({ length: 300 }, (_, index): [number, Buffer] => [index, Buffer.alloc(BLOCK, index)]),
    );
    const whole = await run(sourceOf(blocks, 300 * BLOCK).source, null);
    for (const bad of [0, 1, 127, 128, 200, 299]) {
      const path = join(folder, `image-${bad}`);
      await expect(run(sourceOf(blocks, 300 * BLOCK, bad).source, path)).rejects.toThrow('as the test wants it');
      expect(existsSync(path)).toBe(false);
      const again = sourceOf(blocks, 300 * BLOCK);
      const { imageSha256, keptBlocks, manifest } = await run(again.source, path);
      expect({ imageSha256, manifest }).toEqual({ imageSha256: whole.imageSha256, manifest: whole.manifest });
      expect(keptBlocks).toBe(bad < 128 ? 0 : bad < 256 ? 128 : 256);
      expect(again.read).toHaveLength(300 - keptBlocks);
      expect(stock(path)).toBe(imageSha256);
    }
  });

  it('is not gone on with where another snapshot was begun, or an image without a journal stands there', async () => {
    const blocks = new Map([[0, Buffer.alloc(BLOCK, 1)]]);
    const path = join(folder, 'image');
    await expect(run(sourceOf(blocks, 2 * BLOCK, 0).source, path)).rejects.toThrow();
    const other = { ...sourceOf(blocks, 2 * BLOCK).source, name: 'aws:eu-central-1:snap-1' };
    await expect(run(other, path)).rejects.toMatchObject({ code: 'DESTINATION_OCCUPIED' });
    await expect(run(sourceOf(blocks, 3 * BLOCK).source, path)).rejects.toMatchObject({ code: 'DESTINATION_OCCUPIED' });
    rmSync(`${path}.partial.jsonl`);
    await expect(run(sourceOf(blocks, 2 * BLOCK).source, path)).rejects.toMatchObject({ code: 'DESTINATION_OCCUPIED' });
  });

  it('survives a journal that is torn, or lies', async () => {
    const blocks = new Map(
      Array.from({ length: 300 }, (_, index): [number, Buffer] => [index, Buffer.alloc(BLOCK, index)]),
    );
    for (const tail of [
      '{"index":1',
      '{"index":1,"sha256":"x"}\n',
      `{"index":128,"sha256":"${'0'.repeat(64)}"}\n`,
      '\0\0\n',
    ]) {
      const path = join(folder, 'image');
      rmSync(path, { force: true });
      await expect(run(sourceOf(blocks, 300 * BLOCK, 150).source, path)).rejects.toThrow();
      appendFileSync(`${path}.partial.jsonl`, tail);
      expect(await run(sourceOf(blocks, 300 * BLOCK).source, path)).toMatchObject({ keptBlocks: 128 });
      expect(existsSync(`${path}.partial.jsonl`)).toBe(false);
    }
  });

  it('differs from another exactly where its blocks do, by their manifests', async () => {
    await fc.assert(
      fc.asyncProperty(images, images, async (first, second) => {
        const opened = [];
        for (const [name, { blocks }] of Object.entries({ first, second })) {
          const { manifest } = await run(sourceOf(blocks, 300 * BLOCK).source, null);
          writeFileSync(join(folder, name), manifest);
          opened.push(await openManifest(join(folder, name)));
        }
        const changed: ChangedBlock[] = [];
        for await (const block of compareManifests(opened[0]!.blocks, opened[1]!.blocks, BLOCK)) changed.push(block);
        const zeros = Buffer.alloc(BLOCK);
        const at = (image: typeof first, index: number): Buffer => image.blocks.get(index) ?? zeros;
        const truth = [...Array(300).keys()].filter((index) => !at(first, index).equals(at(second, index)));
        expect(changed.map(({ index }) => index)).toEqual(truth);
        const ranges = new ChangedRanges(1000);
        for (const block of changed) ranges.add(block);
        const form = { sizeBytes: 300 * BLOCK, blockBytes: BLOCK };
        expect(
          ranges.kept(form).flatMap(({ firstBlock, blocks }) => [...Array(blocks).keys()].map((n) => firstBlock + n)),
        ).toEqual(truth);
      }),
      { numRuns: 30 },
    );
  });

  it('has no manifest that was cut off', async () => {
    const path = join(folder, 'cut');
    const { manifest } = await run(sourceOf(new Map([[0, Buffer.alloc(BLOCK, 1)]]), 2 * BLOCK).source, null);
    for (const text of [
      manifest.slice(0, -1),
      manifest.split('\n').slice(0, 2).join('\n'),
      '',
      'x\n',
      `${'x'.repeat(10_000)}\n`,
    ]) {
      writeFileSync(path, text);
      const reading = (async () => {
        for await (const block of (await openManifest(path)).blocks) expect(block.index).toBe(0);
      })();
      await expect(reading).rejects.toMatchObject({ code: 'USAGE_INVALID' });
    }
  });
});
