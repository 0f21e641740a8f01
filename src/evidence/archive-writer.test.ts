import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sha256, tarOf } from '../../test/fakes/archive-builder.js';
import { createArchiveWriter } from './archive-writer.js';
import { DeflateBlocks } from './deflate-blocks.js';

const MTIME = 1_767_323_045;
const ROOT = 'case-abcd-x0001';

let directory: string;
let path: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'exhibit-writer-'));
  path = join(directory, 'a.tar.gz.partial');
});

afterEach(async () => {
  await rm(directory, { recursive: true });
});

/** Incompressible, the same in every run. */
function noise(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let state = 12_345;
  for (let index = 0; index < length; index += 1) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    bytes[index] = state >>> 24;
  }
  return bytes;
}

describe('createArchiveWriter', () => {
  it('writes the same tar as the builder of the tests, whatever the sizes and chunks', async () => {
    const file = fc.record({
      length: fc.oneof(fc.nat(3000), fc.constantFrom(0, 511, 512, 513, 600_000)),
      chunk: fc.integer({ min: 1, max: 400_000 }),
      whole: fc.boolean(),
    });
    const source = noise(600_000);
    await fc.assert(
      fc.asyncProperty(fc.array(file, { minLength: 1, maxLength: 6 }), async (files) => {
        await rm(path, { force: true });
        const writer = await createArchiveWriter(path, { mtimeSeconds: MTIME });
        for (const [index, { length, chunk, whole }] of files.entries()) {
          const name = `${ROOT}/data/f${String(index)}`;
          const bytes = source.subarray(0, length);
          if (whole) await writer.addBytes(name, bytes);
          else {
            await writer.begin(name, length);
            for (let at = 0; at < length; at += chunk) await writer.write(bytes.subarray(at, at + chunk));
            await writer.end();
          }
        }
        const finished = await writer.finish();
        const container = await readFile(path);
        const expected = tarOf(
          files.map(({ length }, index) => ({
            path: `${ROOT}/data/f${String(index)}`,
            bytes: source.subarray(0, length),
          })),
          MTIME,
        );
        expect(gunzipSync(container).equals(expected)).toBe(true);
        expect(finished).toEqual({
          containerSha256: sha256(container),
          sizeBytes: container.length,
          tarBytes: expected.length,
        });
      }),
      { numRuns: 25 },
    );
  });

  it('joins many blocks, deflated at once, into one member with a fixed header', async () => {
    const bytes = Buffer.concat([noise(5_000_000), Buffer.alloc(9_000_000, 'log line\n')]);
    const writer = await createArchiveWriter(path, { mtimeSeconds: MTIME });
    await writer.addBytes(`${ROOT}/data/big`, bytes);
    await writer.finish();
    const container = await readFile(path);
    expect(container.subarray(0, 10).toString('hex')).toBe('1f8b08000000000004ff');
    expect(gunzipSync(container).equals(tarOf([{ path: `${ROOT}/data/big`, bytes }], MTIME))).toBe(true);
  });

  it('lets a block refer to the one before it, as a single stream would', async () => {
    const period = noise(20_000);
    const writer = await createArchiveWriter(path, { mtimeSeconds: MTIME });
    await writer.addBytes(`${ROOT}/data/repeating`, Buffer.concat(Array.from({ length: 400 }, () => period)));
    const { sizeBytes } = await writer.finish();
    // Each of the sixteen blocks would hold the 20,000 incompressible bytes once if it began from nothing.
    expect(sizeBytes).toBeLessThan(10 * period.length);
  });

  it('lets the memory of a chunk be used again once the call has settled', async () => {
    const writer = await createArchiveWriter(path, { mtimeSeconds: MTIME });
    const chunk = Buffer.alloc(300_000);
    await writer.begin(`${ROOT}/data/a`, 3_000_000);
    for (let index = 0; index < 10; index += 1) {
      chunk.fill(index + 1);
      await writer.write(chunk);
      chunk.fill(0xff);
    }
    await writer.end();
    await writer.finish();
    const content = gunzipSync(await readFile(path)).subarray(512, 512 + 3_000_000);
    expect([...Array(10).keys()].map((index) => content[index * 300_000 + 150_000])).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
    ]);
  });

  it('makes the file with mode 0600 and never replaces one', async () => {
    const writer = await createArchiveWriter(path, { mtimeSeconds: MTIME });
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    await expect(createArchiveWriter(path, { mtimeSeconds: MTIME })).rejects.toMatchObject({ code: 'STORAGE_FAILED' });
    await writer.abort();
    await expect(stat(path)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('refuses a length that is not the announced one', async () => {
    const writer = await createArchiveWriter(path, { mtimeSeconds: MTIME });
    await writer.begin(`${ROOT}/data/a`, 3);
    expect(() => writer.write(Buffer.alloc(4))).toThrow(expect.objectContaining({ code: 'INTERNAL' }));
    expect(() => writer.end()).toThrow(expect.objectContaining({ code: 'INTERNAL' }));
    await expect(writer.finish()).rejects.toMatchObject({ code: 'INTERNAL' });
    await writer.abort();
  });

  it.each([
    ['no slash to cut at', 'a'.repeat(101)],
    ['a prefix over 155 bytes', `${'a'.repeat(156)}/${'b'.repeat(100)}`],
    ['a name over 100 bytes', `a/${'b'.repeat(101)}`],
  ])('refuses a path with %s instead of writing an extension', async (_what, long) => {
    const writer = await createArchiveWriter(path, { mtimeSeconds: MTIME });
    expect(() => writer.addBytes(long, Buffer.alloc(1))).toThrow(expect.objectContaining({ code: 'INTERNAL' }));
    await writer.abort();
  });

  it('cuts at the first slash that leaves a name of at most 100 bytes', async () => {
    const long = `${'a'.repeat(54)}/${'b'.repeat(56)}/${'c'.repeat(43)}/${'d'.repeat(56)}/${'e'.repeat(43)}`;
    const writer = await createArchiveWriter(path, { mtimeSeconds: MTIME });
    await writer.addBytes(long, Buffer.alloc(0));
    await writer.finish();
    const header = gunzipSync(await readFile(path));
    expect(header.toString('latin1', 0, 100)).toBe(`${'d'.repeat(56)}/${'e'.repeat(43)}`);
    expect(header.toString('latin1', 345, 500).replace(/\0+$/, '')).toBe(
      `${'a'.repeat(54)}/${'b'.repeat(56)}/${'c'.repeat(43)}`,
    );
  });

  it('fails with a storage error when the folder is not there', async () => {
    await writeFile(path, '');
    await expect(createArchiveWriter(join(path, 'x'), { mtimeSeconds: MTIME })).rejects.toMatchObject({
      code: 'STORAGE_FAILED',
    });
  });
});

describe('DeflateBlocks', () => {
  it('gives pieces out one at a time and stops taking more than a bounded number of blocks', async () => {
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    let emitting = 0;
    let most = 0;
    const deflate = new DeflateBlocks(async () => {
      emitting += 1;
      most = Math.max(most, emitting);
      await gate;
      emitting -= 1;
    });
    const appended = deflate.append(Buffer.alloc(20 * 1024 * 1024));
    expect(appended).toBeInstanceOf(Promise);
    const state = await Promise.race([
      appended?.then(() => 'taken'),
      new Promise((resolve) => setImmediate(resolve, 'waiting')),
    ]);
    expect(state).toBe('waiting');
    release();
    await appended;
    expect((await deflate.finish()).inputBytes).toBe(20 * 1024 * 1024);
    expect(most).toBe(1);
  });

  it('throws what the way out threw, at the next call and at the end, and emits nothing more', async () => {
    let emitted = 0;
    const deflate = new DeflateBlocks(() => {
      emitted += 1;
      return Promise.reject(new Error('disk'));
    });
    await expect(Promise.resolve(deflate.append(Buffer.alloc(8 * 1024 * 1024)))).rejects.toThrow('disk');
    await expect(deflate.finish()).rejects.toThrow('disk');
    expect(emitted).toBe(1);
  });
});
