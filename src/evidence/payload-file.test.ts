import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { PayloadFile } from './payload-file.js';

const BLOCK = 256 * 1024;

function folder(): string {
  const directory = mkdtempSync(join(tmpdir(), 'payload-'));
  onTestFinished(() => {
    rmSync(directory, { recursive: true, force: true });
  });
  return directory;
}

/** Writes the bytes in pieces of the given sizes, over and over, and spoils each piece as soon as it was handed over. */
async function writeAll(file: PayloadFile, bytes: Buffer, sizes: readonly number[]): Promise<void> {
  for (let at = 0, n = 0; at < bytes.length; n += 1) {
    const piece = Buffer.from(bytes.subarray(at, at + Math.max(1, sizes[n % sizes.length] ?? 1)));
    at += piece.length;
    const taken = file.write(piece);
    piece.fill(0);
    await taken;
  }
}

describe('PayloadFile', () => {
  it('holds the bytes in order, however they were cut', async () => {
    const directory = folder();
    const bytes = randomBytes(5 * BLOCK + 17);
    let n = 0;
    const size = fc.oneof(
      fc.integer({ min: 100, max: 20_000 }),
      fc.constantFrom(BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(size, { minLength: 1, maxLength: 5 }), fc.nat(bytes.length), async (sizes, length) => {
        const path = join(directory, String((n += 1)));
        const file = PayloadFile.create(path);
        await writeAll(file, bytes.subarray(0, length), sizes);
        await file.finish();
        expect(readFileSync(path).equals(bytes.subarray(0, length))).toBe(true);
      }),
      { numRuns: 40 },
    );
    expect(statSync(join(directory, '1')).mode & 0o777).toBe(0o600);
  });

  it('keeps files apart that are written at once, with blocks that others used before', async () => {
    const directory = folder();
    for (let round = 0; round < 3; round += 1) {
      const contents = Array.from({ length: 8 }, (_, index) =>
        Buffer.alloc(3 * BLOCK + 1000 * index, `${String(round)}${String(index)}`),
      );
      const files = contents.map((_, index) =>
        PayloadFile.create(join(directory, `${String(round)}-${String(index)}`)),
      );
      await Promise.all(
        files.map(async (file, index) => {
          await writeAll(file, contents[index] ?? Buffer.alloc(0), [16_384, 3000 + index]);
          if (index % 4 === 3) await file.discard();
          else await file.finish();
        }),
      );
      for (const [index, content] of contents.entries()) {
        const path = join(directory, `${String(round)}-${String(index)}`);
        if (index % 4 === 3) expect(existsSync(path)).toBe(false);
        else expect(readFileSync(path).equals(content)).toBe(true);
      }
    }
  });

  it('holds the writer back while a megabyte waits, and no earlier', async () => {
    const path = join(folder(), 'file');
    const file = PayloadFile.create(path);
    const held = [0, 1, 2, 3].map(() => file.write(Buffer.alloc(BLOCK, 'x')));
    expect(held.map((promise) => promise === undefined)).toEqual([true, true, true, false]);
    await held[3];
    expect(statSync(path).size).toBe(4 * BLOCK);
    await file.discard();
  });

  it('stays discarded when it is discarded while it is written', async () => {
    const path = join(folder(), 'file');
    const file = PayloadFile.create(path);
    void file.write(Buffer.alloc(8 * BLOCK, 'x'));
    await file.discard();
    expect(existsSync(path)).toBe(false);
  });
});
