import { mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inflateRawSync } from 'node:zlib';
import { beforeEach, describe, expect, it } from 'vitest';
import { sha256 } from '../../../test/fakes/archive-builder.js';
import { zipFolder } from './zip-folder.js';

const AT_MS = Date.UTC(2026, 2, 4, 5, 6, 8);

let directory: string;
let output: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'exhibit-zip-'));
  output = join(directory, 'package.zip');
  mkdirSync(join(directory, 'in/evidence'), { recursive: true });
});

interface Entry {
  readonly name: string;
  readonly dosTime: number;
  readonly bytes: Buffer;
}

/** By APPNOTE.TXT, from the central directory at the end. */
function entriesOf(zip: Buffer): Entry[] {
  const end = zip.length - 22;
  expect(zip.readUInt32LE(end)).toBe(0x06054b50);
  let at = zip.readUInt32LE(end + 16);
  return Array.from({ length: zip.readUInt16LE(end + 10) }, () => {
    expect(zip.readUInt32LE(at)).toBe(0x02014b50);
    const [nameBytes, extraBytes, commentBytes] = [28, 30, 32].map((field) => zip.readUInt16LE(at + field));
    const name = zip.toString('utf8', at + 46, at + 46 + (nameBytes ?? 0));
    const local = zip.readUInt32LE(at + 42);
    const dataAt = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
    expect(zip.readUInt16LE(at + 10)).toBe(8);
    const bytes = inflateRawSync(zip.subarray(dataAt, dataAt + zip.readUInt32LE(at + 20)));
    const entry = { name, dosTime: zip.readUInt32LE(at + 12), bytes };
    at += 46 + (nameBytes ?? 0) + (extraBytes ?? 0) + (commentBytes ?? 0);
    return entry;
  });
}

describe('a ZIP of a package', () => {
  it('holds every file under the name of the package, with the one time that was given', async () => {
    const large = Buffer.alloc(5 * 1024 * 1024, 'abcdefg');
    writeFileSync(join(directory, 'in/a.txt'), '');
    writeFileSync(join(directory, 'in/evidence/b.bin'), large);
    const paths = ['a.txt', 'evidence/b.bin'];
    const digest = await zipFolder({ directory: join(directory, 'in'), paths, root: 'pack', output, atMs: AT_MS });
    const zip = readFileSync(output);
    expect(digest).toBe(sha256(zip));
    const entries = entriesOf(zip);
    expect(entries.map(({ name }) => name)).toEqual(['pack/a.txt', 'pack/evidence/b.bin']);
    expect(entries[1]?.bytes.equals(large)).toBe(true);
    // 2026-03-04 05:06:08 UTC in the form of DOS.
    const dosTime = (((2026 - 1980) << 9) | (3 << 5) | 4) * 65536 + ((5 << 11) | (6 << 5) | 4);
    expect(entries.map((entry) => entry.dosTime)).toEqual([dosTime, dosTime]);
    expect(statSync(output).mode & 0o777).toBe(0o600);
    expect(readdirSync(directory).sort()).toEqual(['in', 'package.zip']);
  });

  it('is not made of links or of what is not there, and leaves nothing then', async () => {
    symlinkSync('/etc/hostname', join(directory, 'in/link'));
    writeFileSync(join(directory, 'in/a.txt'), 'a');
    for (const bad of ['link', 'missing', 'evidence']) {
      const paths = ['a.txt', bad];
      await expect(
        zipFolder({ directory: join(directory, 'in'), paths, root: 'pack', output, atMs: AT_MS }),
      ).rejects.toThrow(expect.objectContaining({ code: expect.stringMatching(/^STORAGE_/) as string }) as Error);
      expect(readdirSync(directory)).toEqual(['in']);
    }
  });

  it('leaves alone what has its name while it is made', async () => {
    writeFileSync(`${output}.partial`, 'of somebody');
    await expect(
      zipFolder({ directory: join(directory, 'in'), paths: [], root: 'pack', output, atMs: AT_MS }),
    ).rejects.toThrow(expect.objectContaining({ code: 'STORAGE_FAILED' }) as Error);
    expect(readFileSync(`${output}.partial`, 'utf8')).toBe('of somebody');
  });
});
