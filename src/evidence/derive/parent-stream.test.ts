import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gzipOf, listBag, makeBag, packBag, SAMPLE_PAYLOAD, type Bag } from '../../../test/fakes/archive-builder.js';
import { readParent } from './parent-stream.js';

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'exhibit-parent-'));
});

afterAll(() => {
  rmSync(directory, { recursive: true });
});

const digestOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

async function read(container: Buffer, containerSha256 = digestOf(container)): Promise<Map<string, string>> {
  const path = join(directory, 'archive.tar.gz');
  writeFileSync(path, container);
  const files = new Map<string, string>();
  for await (const piece of readParent(path, containerSha256)) {
    expect(piece.isFirst).toBe(!files.has(piece.path));
    files.set(piece.path, (files.get(piece.path) ?? '') + piece.bytes.toString('latin1'));
    if (piece.isLast) expect(files.get(piece.path)).toHaveLength(piece.sizeBytes);
  }
  return files;
}

const bag = (): Bag => listBag(makeBag());

describe('the files of a verified archive', () => {
  it('come in their order, whole', async () => {
    const made = bag();
    const files = await read(gzipOf(packBag(made)));
    expect([...files]).toEqual(
      [...made.files]
        .map(([path, bytes]) => [path, bytes.toString('latin1')])
        .sort(([a = ''], [b = '']) => {
          if (a === 'bagit.txt') return -1;
          return b === 'bagit.txt' || a > b ? 1 : -1;
        }),
    );
  });

  it('come whole wherever the reading ends between data, trailer and file', async () => {
    // Noise does not shrink: the container grows by a byte at a time across the border of what is read at once.
    const noise = Buffer.from(
      Array.from({ length: 270_000 }, (_none, index) =>
        digestOf(Buffer.from(String(index >> 5))).charCodeAt(index & 31),
      ),
    );
    const found = new Set<number>();
    for (let cut = 0; cut < 24; cut += 1) {
      const bytes = noise.subarray(0, noise.length - cut * 512);
      const container = gzipOf(packBag(listBag(makeBag({ payload: [{ path: 'data/a', bytes, artifact: 'a' }] }))));
      expect((await read(container)).get('data/a')).toBe(bytes.toString('latin1'));
      found.add(container.length);
    }
    expect(found.size).toBeGreaterThan(10);
  });

  it.each([
    ['another container', (bytes: Buffer) => bytes],
    ['one cut short', (bytes: Buffer) => bytes.subarray(0, bytes.length - 9)],
    ['one with bytes after the end', (bytes: Buffer) => Buffer.concat([bytes, Buffer.from('x')])],
    ['nothing', () => Buffer.alloc(0)],
  ])('%s than the one that was verified is told at the end', async (_what, change) => {
    const container = gzipOf(packBag(bag()));
    const other = gzipOf(packBag(listBag(makeBag({ payload: SAMPLE_PAYLOAD.slice(1) }))));
    const changed = change(container);
    const expected = changed === container ? digestOf(other) : digestOf(container);
    await expect(read(changed, expected)).rejects.toThrow();
  });

  it('a reader that stops early leaves nothing open', async () => {
    const path = join(directory, 'archive.tar.gz');
    writeFileSync(path, gzipOf(packBag(bag())));
    const pieces = readParent(path, '0'.repeat(64));
    expect((await pieces.next()).value).toMatchObject({ path: 'bagit.txt', isFirst: true });
    await pieces.return();
    expect(await pieces.next()).toEqual({ done: true, value: undefined });
  });
});
