import { generateKeyPairSync } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { open, type FileHandle } from 'node:fs/promises';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import {
  allowedSignersOf,
  gzipOf,
  listBag,
  makeBag,
  packBag,
  sealedBag,
  signBag,
  type Bag,
  type PayloadSpec,
} from '../../../test/fakes/archive-builder.js';
import { NOW_MS } from '../../../test/fakes/verify-bytes.js';
import type { VerifyReport } from '../../model/verdict.js';
import { verifyArchive } from '../verify/verify-archive.js';
import { extractArchive, type ExtractOptions } from './extract-archive.js';
import { FolderTree } from './folder-tree.js';
import { syncFileSystem } from './sync-file-system.js';

const key = generateKeyPairSync('ed25519').privateKey;
const payload: readonly PayloadSpec[] = [
  { path: 'data/nodes/a', bytes: Buffer.from('a file'), artifact: 'one' },
  { path: 'data/nodes/a-b/log', bytes: Buffer.alloc(70_000, 'x'), artifact: 'one' },
  { path: 'data/nodes/a.b/log', bytes: Buffer.alloc(0), artifact: 'one' },
  { path: 'data/pods/shop/web-1/app/current.log', bytes: Buffer.alloc(600_000, 'line\n'), artifact: 'two' },
  { path: 'data/pods/shop/web-1/app/previous.log', bytes: Buffer.from('old'), artifact: 'two' },
  { path: 'data/pods/shop-2/web-1/app/current.log', bytes: Buffer.from('other'), artifact: 'two' },
];

let directory: string;
let bag: Bag;
let archivePath: string;
let output: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'exhibit-extract-'));
  bag = sealedBag(key, { payload });
  archivePath = join(directory, 'archive.tar.gz');
  output = join(directory, 'out');
  writeFileSync(archivePath, gzipOf(packBag(bag)));
  return () => rmSync(directory, { recursive: true });
});

const verified = async (): Promise<VerifyReport> =>
  await verifyArchive({
    archivePath,
    allowedSigners: { source: 'test', text: allowedSignersOf(key) },
    now: NOW_MS,
    scratchDirectory: directory,
  });

const extract = async (options: Partial<ExtractOptions> = {}) =>
  await extractArchive({
    archivePath,
    report: options.report ?? (await verified()),
    outputPath: output,
    prefixes: [],
    signal: new AbortController().signal,
    ...options,
  });

/** Every file below a folder by its path, folders by their path and a slash. */
function treeOf(folder: string, prefix = ''): Map<string, Buffer> {
  const found = new Map<string, Buffer>();
  for (const entry of readdirSync(join(folder, prefix), { withFileTypes: true })) {
    const path = prefix === '' ? entry.name : `${prefix}/${entry.name}`;
    if (entry.isDirectory()) for (const [below, bytes] of treeOf(folder, path)) found.set(below, bytes);
    else found.set(path, entry.isFile() ? readFileSync(join(folder, path)) : Buffer.from('no regular file'));
  }
  return found;
}

const plain = (files: ReadonlyMap<string, Buffer>): [string, string][] =>
  [...files].map(([path, bytes]): [string, string] => [path, bytes.toString('latin1')]).sort();

function nothingIsLeft(): void {
  expect(readdirSync(directory).filter((name) => name.startsWith('out'))).toEqual([]);
}

describe('extractArchive', () => {
  it('writes exactly the files of the bag, none of them executable, for the owner only', async () => {
    const report = await verified();
    expect(report.verdict).toBe('VERIFIED');
    const extracted = await extract();
    const bytes = [...bag.files.values()].reduce((sum, { length }) => sum + length, 0);
    expect(extracted).toEqual({ files: bag.files.size, sizeBytes: bytes, leftOut: 0 });
    expect(plain(treeOf(output))).toEqual(plain(bag.files));
    for (const path of bag.files.keys()) expect(statSync(join(output, path)).mode & 0o7777).toBe(0o600);
    for (const folder of ['', 'data', 'data/pods/shop', 'seal'])
      expect(statSync(join(output, folder)).mode & 0o7777).toBe(0o700);
    expect(existsSync(`${output}.partial`)).toBe(false);
  });

  it('takes the payload that was named and every file that says what it is', async () => {
    const extracted = await extract({ prefixes: ['data/pods/shop', 'data/nodes/a'] });
    const found = [...treeOf(output).keys()].filter((path) => path.startsWith('data/')).sort();
    expect(found).toEqual([
      'data/nodes/a',
      'data/pods/shop/web-1/app/current.log',
      'data/pods/shop/web-1/app/previous.log',
    ]);
    expect(extracted.leftOut).toBe(3);
    expect(existsSync(join(output, 'meta/items.jsonl'))).toBe(true);
    expect(existsSync(join(output, 'seal/signer.pub'))).toBe(true);
    await expect(extract({ prefixes: ['data/none'], outputPath: `${output}2` })).rejects.toMatchObject({
      code: 'USAGE_INVALID',
    });
    expect(readdirSync(directory).sort()).toEqual(['archive.tar.gz', 'out']);
  });

  it('takes an empty folder as output, and nothing else that is there', async () => {
    const target = join(directory, 'target');
    mkdirSync(target);
    for (const prepare of [
      () => writeFileSync(output, ''),
      () => symlinkSync(target, output),
      () => symlinkSync(join(directory, 'nowhere'), output),
      () => {
        mkdirSync(output);
        writeFileSync(join(output, 'theirs'), '');
      },
    ]) {
      prepare();
      await expect(extract()).rejects.toMatchObject({ code: 'USAGE_INVALID' });
      rmSync(output, { recursive: true });
    }
    expect(readdirSync(target)).toEqual([]);
    mkdirSync(output);
    expect((await extract()).files).toBe(bag.files.size);
  });

  it('says what an extraction left that was killed, and does not touch it', async () => {
    mkdirSync(`${output}.partial`);
    writeFileSync(join(`${output}.partial`, 'left'), '');
    await expect(extract()).rejects.toMatchObject({ code: 'USAGE_INVALID', hints: [`rm -r ${output}.partial`] });
    expect(readdirSync(`${output}.partial`)).toEqual(['left']);
  });

  it.each([
    ['another good archive', () => gzipOf(packBag(sealedBag(key, { payload: payload.slice(1) })))],
    [
      'one with more files',
      () =>
        gzipOf(
          packBag(
            sealedBag(key, {
              payload: [...payload, { path: 'data/z', bytes: Buffer.alloc(5_000_000), artifact: 'two' }],
            }),
          ),
        ),
    ],
    ['the same bag, packed another way', () => Buffer.concat([gzipOf(packBag(bag)), gzipOf(Buffer.alloc(0))])],
    ['a cut one', () => gzipOf(packBag(bag)).subarray(0, -100)],
    ['rubbish', () => Buffer.from('rubbish')],
    [
      'one with another file under seal/',
      () => {
        const other = makeBag({ payload });
        signBag(listBag(other), generateKeyPairSync('ed25519').privateKey);
        return gzipOf(packBag(other));
      },
    ],
  ])('leaves nothing when the archive was exchanged after its verification for %s', async (_, make) => {
    const report = await verified();
    writeFileSync(archivePath, make());
    await expect(extract({ report })).rejects.toMatchObject({ code: 'VERIFY_FAILED' });
    nothingIsLeft();
  });

  it('leaves nothing when the disk gives back other bytes', async () => {
    const path = `${output}.partial/data/nodes/a-b/log`;
    let reads = 0;
    const signal = {
      throwIfAborted: () => {
        reads += 1;
        if (existsSync(`${output}.partial/seal/signer.pub`)) writeFileSync(path, 'other');
      },
    } as unknown as AbortSignal;
    await expect(extract({ signal })).rejects.toMatchObject({
      code: 'SEAL_HASH_MISMATCH',
      subject: 'data/nodes/a-b/log',
    });
    expect(reads).toBeGreaterThan(3);
    nothingIsLeft();
  });

  it('leaves nothing when it is interrupted while it writes, or while it reads back', async () => {
    await expect(extract({ signal: AbortSignal.abort(new Error('now')) })).rejects.toThrow('now');
    nothingIsLeft();
    const late = {
      throwIfAborted: () => {
        if (existsSync(`${output}.partial/seal/signer.pub`)) throw new Error('late');
      },
    } as unknown as AbortSignal;
    await expect(extract({ signal: late })).rejects.toThrow('late');
    nothingIsLeft();
  });

  it('brings everything to the disk before the folder gets its name, at once or file by file', async () => {
    const handle = await open(archivePath, 'r');
    const prototype = Object.getPrototypeOf(handle) as FileHandle;
    await handle.close();
    const synced = vi.spyOn(prototype, 'sync');
    const asked: string[] = [];
    const syncAll = (answer: boolean) => async (folder: string) => {
      asked.push(folder);
      expect(existsSync(join(folder, 'seal/signer.pub')) && !existsSync(output)).toBe(true);
      return await Promise.resolve(answer);
    };
    await extract({ syncAll: syncAll(true) });
    // The folder around it, and nothing else.
    expect([asked, synced.mock.calls.length <= 1]).toEqual([[`${output}.partial`], true]);
    rmSync(output, { recursive: true });
    await extract({ syncAll: syncAll(false) });
    expect(synced.mock.calls.length).toBeGreaterThanOrEqual(bag.files.size);
    expect(plain(treeOf(output))).toEqual(plain(bag.files));
  });

  it.skipIf(process.platform !== 'linux')('knows whether the file system could be synced (Linux only)', async () => {
    expect(await syncFileSystem(directory)).toBe(true);
    expect(await syncFileSystem(join(directory, 'nowhere'))).toBe(false);
  });

  it('says what cannot be written', async () => {
    await expect(extract({ outputPath: join(directory, 'no', 'such') })).rejects.toMatchObject({
      code: 'STORAGE_FAILED',
    });
  });
});

describe('an archive that is accepted as tampered', () => {
  it('is written as it was found', async () => {
    bag.files.set('data/nodes/a', Buffer.from('changed'));
    bag.files.set('data/zz/planted', Buffer.from('planted'));
    writeFileSync(archivePath, gzipOf(packBag(bag)));
    const report = await verified();
    expect(report.verdict).toBe('TAMPERED');
    // The statement counts fewer bytes than there are.
    await expect(extract({ report })).rejects.toMatchObject({ code: 'VERIFY_FAILED' });
    bag.files.delete('data/zz/planted');
    bag.files.set('data/nodes/a', Buffer.from('A file'));
    writeFileSync(archivePath, gzipOf(packBag(bag)));
    await extract({ report: await verified() });
    expect(plain(treeOf(output))).toEqual(plain(bag.files));
  });

  it('is written up to where it breaks off, when it has a statement', async () => {
    const tar = packBag(bag);
    const end = tar.indexOf(`${bag.root}/meta/items.jsonl`);
    writeFileSync(archivePath, gzipOf(tar.subarray(0, end + 600)));
    const report = await verified();
    expect(report).toMatchObject({ verdict: 'TAMPERED' });
    const { files } = await extract({ report });
    expect(files).toBe(treeOf(output).size);
    expect(readFileSync(join(output, 'meta/items.jsonl')).length).toBe(600 - 512);
    writeFileSync(archivePath, gzipOf(tar.subarray(0, 1024)));
    await expect(extract({ report: await verified(), outputPath: `${output}2` })).rejects.toMatchObject({
      code: 'VERIFY_FAILED',
      safe: 'Nothing was written.',
    });
  });
});

describe('FolderTree', () => {
  it.skipIf(!existsSync('/proc/self/fd'))(
    'is led nowhere by a folder that is exchanged for a link (only where /proc is)',
    () => {
      const root = join(directory, 'root');
      const elsewhere = join(directory, 'elsewhere');
      mkdirSync(root);
      mkdirSync(join(elsewhere, 'b'), { recursive: true });
      const tree = new FolderTree(root, { creates: true, syncs: true });
      writeFileSync(tree.locate('a/b/one'), '1');
      renameSync(join(root, 'a'), join(root, 'moved'));
      symlinkSync(elsewhere, join(root, 'a'));
      writeFileSync(tree.locate('a/b/two'), '2');
      writeFileSync(tree.locate('a/c'), '3');
      expect(() => tree.locate('d/e')).not.toThrow();
      expect(() => tree.locate('a/f')).toThrow('EEXIST');
      tree.close();
      expect(readdirSync(join(elsewhere, 'b'))).toEqual([]);
      expect(readdirSync(elsewhere)).toEqual(['b']);
      expect(readdirSync(join(root, 'moved', 'b')).sort()).toEqual(['one', 'two']);
      const reader = new FolderTree(root, { creates: false, syncs: false });
      expect(() => reader.locate('a/b')).toThrow(/ELOOP|ENOTDIR/);
      reader.close();
    },
  );
});
