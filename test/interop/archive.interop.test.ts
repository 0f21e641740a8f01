/** The same archives through the tools that a stranger has: good ones pass everywhere, bad ones fail where the format says so. */
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createArchiveWriter } from '../../src/evidence/archive-writer.js';
import { allowedSignersOf, entriesOf, sealedBag, type Bag, type PayloadSpec } from '../fakes/archive-builder.js';
import { hasPythonModule, hasTool, needs, runTool } from '../fakes/stock-tools.js';
import { verifyBytes } from '../fakes/verify-bytes.js';

const key = generateKeyPairSync('ed25519').privateKey;
const has = {
  gzip: hasTool('gzip'),
  tar: hasTool('tar'),
  sha256sum: hasTool('sha256sum'),
  sshKeygen: hasTool('ssh-keygen', ['-?']),
  python: hasTool('python3'),
  bagit: hasPythonModule('bagit'),
};

let directory: string;
let archive: string;
let bag: Bag;
let folder: string;

/** Long paths, empty files, several deflate blocks. */
const payload: readonly PayloadSpec[] = [
  {
    path: `data/pods/${'n'.repeat(56)}/${'p'.repeat(47)}.4f3a9c21/${'c'.repeat(56)}/current.log`,
    bytes: Buffer.from('deep'),
    artifact: 'a',
  },
  { path: 'data/empty', bytes: Buffer.alloc(0), artifact: 'b' },
  { path: 'data/large', bytes: Buffer.alloc(3_000_000, 'a line of a log\n'), artifact: 'c' },
  ...Array.from({ length: 300 }, (_, index) => ({
    path: `data/many/f-${String(index)}`,
    bytes: Buffer.alloc(index * 7, index),
    artifact: 'd',
  })),
];

async function writeArchive(path: string, from: Bag): Promise<void> {
  const writer = await createArchiveWriter(path, { mtimeSeconds: from.mtimeSeconds });
  for (const { path: name, bytes } of entriesOf(from)) await writer.addBytes(name, bytes);
  await writer.finish();
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'exhibit-interop-'));
  archive = join(directory, 'sample.tar.gz');
  bag = sealedBag(key, { payload });
  folder = join(directory, bag.root);
  await writeArchive(archive, bag);
  if (has.tar) runTool('tar', ['-xzf', archive], { cwd: directory });
});

afterAll(async () => {
  await rm(directory, { recursive: true });
});

describe('a good archive', () => {
  it('verifies here', async () => {
    expect((await verifyBytes(await readFile(archive), key)).verdict).toBe('VERIFIED');
  });

  it.skipIf(!has.gzip)(`passes gzip -t${needs('gzip', has.gzip)}`, () => {
    expect(runTool('gzip', ['-t', archive])).toMatchObject({ status: 0, stderr: '' });
  });

  it.skipIf(!has.tar)(`is listed by tar as it was written${needs('tar', has.tar)}`, () => {
    const { status, stdout, stderr } = runTool('tar', ['-tzf', archive]);
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout.trimEnd().split('\n')).toEqual(entriesOf(bag).map(({ path }) => path));
  });

  it.skipIf(!has.tar)(`unpacks with tar to the same bytes${needs('tar', has.tar)}`, async () => {
    for (const [path, bytes] of bag.files) expect((await readFile(join(folder, path))).equals(bytes), path).toBe(true);
  });

  it.skipIf(!has.python)(`is read by Python's tarfile, regular files only${needs('python3', has.python)}`, () => {
    const script =
      'import sys,tarfile\nfor m in tarfile.open(sys.argv[1]): print(m.name, m.size, m.isreg(), oct(m.mode), m.uid, m.gid, m.mtime, m.pax_headers)';
    const { status, stdout } = runTool('python3', ['-c', script, archive]);
    expect(status).toBe(0);
    const expected = entriesOf(bag).map(
      ({ path, bytes }) => `${path} ${String(bytes.length)} True 0o444 0 0 ${String(bag.mtimeSeconds)} {}`,
    );
    expect(stdout.trimEnd().split('\n')).toEqual(expected);
  });

  it.skipIf(!has.sha256sum || !has.tar)(
    `passes sha256sum --strict -c${needs('sha256sum or tar', has.sha256sum && has.tar)}`,
    () => {
      const { status, stderr } = runTool(
        'sha256sum',
        ['--strict', '--quiet', '-c', 'tagmanifest-sha256.txt', 'manifest-sha256.txt'],
        { cwd: folder },
      );
      expect([status, stderr]).toEqual([0, '']);
    },
  );

  it.skipIf(!has.sshKeygen || !has.tar)(
    `passes ssh-keygen -Y verify${needs('ssh-keygen or tar', has.sshKeygen && has.tar)}`,
    async () => {
      const signers = join(directory, 'allowed_signers');
      await writeFile(signers, allowedSignersOf(key));
      const args = [
        '-Y',
        'verify',
        '-f',
        signers,
        '-I',
        'tester@example.test',
        '-n',
        'exhibit-seal@v1',
        '-s',
        'seal/tagmanifest-sha256.txt.sig',
      ];
      const input = await readFile(join(folder, 'tagmanifest-sha256.txt'));
      expect(runTool('ssh-keygen', args, { cwd: folder, input })).toMatchObject({ status: 0 });
      expect(runTool('ssh-keygen', args, { cwd: folder, input: `${input.toString()}x` }).status).not.toBe(0);
    },
  );

  it.skipIf(!has.bagit || !has.tar)(`passes bagit.py${needs('bagit.py or tar', has.bagit && has.tar)}`, () => {
    const { status, stderr } = runTool('python3', [
      '-c',
      'import sys,bagit; bagit.Bag(sys.argv[1]).validate()',
      folder,
    ]);
    expect(status, stderr).toBe(0);
  });
});

describe('a bad archive', () => {
  it.skipIf(!has.sha256sum || !has.tar)(
    `is refused by sha256sum and by us alike${needs('sha256sum or tar', has.sha256sum && has.tar)}`,
    async () => {
      const changed = sealedBag(key, { payload });
      changed.files.set('data/empty', Buffer.from('!'));
      const path = join(directory, 'changed.tar.gz');
      await writeArchive(path, changed);
      const target = await mkdtemp(join(directory, 'changed-'));
      expect(runTool('tar', ['-xzf', path], { cwd: target }).status).toBe(0);
      expect(
        runTool('sha256sum', ['--strict', '--quiet', '-c', 'manifest-sha256.txt'], { cwd: join(target, changed.root) })
          .status,
      ).toBe(1);
      expect((await verifyBytes(await readFile(path), key)).verdict).toBe('TAMPERED');
    },
  );

  it.skipIf(!has.gzip)(
    `with a byte cut off the end is refused by gzip and by us${needs('gzip', has.gzip)}`,
    async () => {
      const path = join(directory, 'cut.tar.gz');
      const bytes = (await readFile(archive)).subarray(0, -1);
      await writeFile(path, bytes);
      expect(runTool('gzip', ['-t', path]).status).not.toBe(0);
      expect((await verifyBytes(bytes, key)).verdict).toBe('TAMPERED');
    },
  );
});
