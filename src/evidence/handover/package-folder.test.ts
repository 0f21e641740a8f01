import { existsSync, mkdtempSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { sha256 } from '../../../test/fakes/archive-builder.js';
import { PackageFolder } from './package-folder.js';

let directory: string;
let target: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'exhibit-package-'));
  target = join(directory, 'package');
});

const coded = (code: string): Error => expect.objectContaining({ code }) as Error;

describe('a folder for a recipient', () => {
  it('appears when it is whole, for its owner alone, and its manifest lists every file', async () => {
    const source = join(directory, 'source');
    const bytes = Buffer.alloc(3 * 1024 * 1024 + 7, 'x');
    writeFileSync(source, bytes);
    const folder = await PackageFolder.create(target);
    await folder.write('b.txt', 'text');
    await folder.copy('evidence/a.bin', source, sha256(bytes));
    await folder.copy('evidence/inner/c.bin', source, null);
    await folder.writeManifest();
    expect(existsSync(target)).toBe(false);
    await folder.publish();
    expect(readFileSync(join(target, 'MANIFEST.txt'), 'latin1')).toBe(
      `${sha256('text')}  b.txt\n${sha256(bytes)}  evidence/a.bin\n${sha256(bytes)}  evidence/inner/c.bin\n`,
    );
    expect(readFileSync(join(target, 'evidence/a.bin')).equals(bytes)).toBe(true);
    expect(statSync(target).mode & 0o777).toBe(0o700);
    expect(statSync(join(target, 'evidence/a.bin')).mode & 0o777).toBe(0o600);
    expect(readdirSync(directory).sort()).toEqual(['package', 'source']);
  });

  it('takes no file that is another than the one that was verified, no link, and nothing that is no file', async () => {
    const source = join(directory, 'source');
    writeFileSync(source, 'changed');
    symlinkSync(source, join(directory, 'link'));
    const folder = await PackageFolder.create(target);
    await expect(folder.copy('a', source, sha256('as verified'))).rejects.toThrow(coded('VERIFY_FAILED'));
    await expect(folder.copy('b', join(directory, 'link'), null)).rejects.toThrow(coded('STORAGE_FAILED'));
    await expect(folder.copy('c', directory, null)).rejects.toThrow(coded('STORAGE_UNSAFE'));
    await expect(folder.copy('d', join(directory, 'missing'), null)).rejects.toThrow(coded('STORAGE_FAILED'));
    await folder.discard();
    expect(existsSync(folder.directory)).toBe(false);
  });

  it('goes over nothing that is there, be it a package, the rest of one, or a link to nowhere', async () => {
    for (const name of ['package', 'package.partial']) {
      const place = mkdtempSync(join(directory, 'place-'));
      symlinkSync('/nonexistent/elsewhere', join(place, name));
      await expect(PackageFolder.create(join(place, 'package'))).rejects.toThrow(coded('USAGE_INVALID'));
      expect(readdirSync(place)).toEqual([name]);
    }
    writeFileSync(join(directory, 'file'), '');
    const nested = await PackageFolder.create(join(directory, 'new', 'package'));
    expect(existsSync(nested.directory)).toBe(true);
    await expect(PackageFolder.create(join(directory, 'file', 'such'))).rejects.toThrow(coded('STORAGE_FAILED'));
  });
});
