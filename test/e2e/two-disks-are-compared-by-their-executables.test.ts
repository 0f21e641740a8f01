import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  readFileSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { failure, runTool, unlessAble } from '../fakes/stock-tools.js';
import { User } from './exhibit.js';

const FIXTURES = join(import.meta.dirname, '../../src/lib/containerd-store/fixtures');
const PROFILE = `apiVersion: kubexhibit.dev/v1
kind: Profile
metadata: { name: disk, title: A disk, description: Two collectors., references: [] }
collectors: [runtime-metadata, executables]
limits: { idleTimeoutMs: 60000 }
`;

let user: User;

beforeEach(async () => {
  user = new User();
  writeFileSync(join(user.directory, 'disk.yaml'), PROFILE);
  await user.run('key', 'new');
});
afterEach(() => {
  user.remove();
});

function put(path: string, content: string | Buffer, mode = 0o644): string {
  const file = join(user.directory, path);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, content);
  chmodSync(file, mode);
  return file;
}

/** A clean disk, and a copy of it on which somebody was root. */
function makeDisks(): void {
  put('a/etc/machine-id', `${'a1'.repeat(16)}\n`);
  put('a/etc/os-release', 'ID=test\n');
  const old = put('a/usr/sbin/sshd', 'the true daemon', 0o755);
  put('a/usr/bin/ls', 'lists', 0o755);
  utimesSync(old, 1_700_000_000, 1_700_000_000);
  const root = 'a/var/lib/containerd';
  for (const [place, name] of [
    ['io.containerd.metadata.v1.bolt', 'meta'],
    ['io.containerd.snapshotter.v1.overlayfs', 'metadata'],
  ] as const)
    put(`${root}/${place}/${name}.db`, gunzipSync(readFileSync(join(FIXTURES, `containerd-1.6.20-${name}.db.gz`))));
  const digest = '71211e67894ebe3d7785bae898abda62bc19db911d23bccb3365b7a4042e9c98';
  put(`${root}/io.containerd.content.v1.content/blobs/sha256/${digest}`, '{}');
  cpSync(join(user.directory, 'a'), join(user.directory, 'b'), { recursive: true, preserveTimestamps: true });
  const changed = put('b/usr/sbin/sshd', 'the evil daemon', 0o755);
  utimesSync(changed, 1_700_000_000, 1_700_000_000);
  put('b/usr/bin/rootsh', '#!/bin/sh\n', 0o4755);
}

async function sealDisk(disk: string, number: number): Promise<string> {
  const collected = await user.json('collect', '--disk', disk, '--node', 'node-a', '--profile', 'disk.yaml');
  expect(collected).toMatchObject({ exitCode: 0, document: { completeness: 'complete' } });
  expect((await user.json('seal')).exitCode).toBe(0);
  const { caseId } = collected.document as { caseId: string };
  const archive = join(user.home, 'cases', caseId, 'sealed', `${caseId}-x000${String(number)}.tar.gz`);
  const copy = join(user.directory, `${String(number)}.tar.gz`);
  copyFileSync(archive, copy);
  return copy;
}

const ROWS = [
  { path: { display: 'usr/bin/rootsh' }, change: 'only-in-b', findings: ['set-id', 'new'], a: null },
  { path: { display: 'usr/sbin/sshd' }, change: 'content', findings: ['same-size-and-time', 'changed-content'] },
];

/** Why no image is mounted here; `null` = one was. */
function problem(): string | null {
  const script =
    'd=$(mktemp -d); trap \'rm -rf "$d"\' EXIT; cd "$d"; truncate -s 1M i; mkfs.ext4 -q i; mkdir m; mount -o ro,loop,noload i m && umount m';
  const tried = runTool('sh', ['-ec', script]);
  return tried.status === 0 ? null : failure('mount', tried);
}
const reason = problem();
const why = unlessAble(reason);
const sha256 = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

describe('two disks of a node', () => {
  it('are compared: what was replaced under its old time and what was added with a set-id bit come first', async () => {
    makeDisks();
    const a = await sealDisk('a', 1);
    const b = await sealDisk('b', 2);
    const { exitCode, document } = await user.json('diff', a, b);
    expect(exitCode).toBe(0);
    expect(document).toMatchObject({ schema: expect.any(String) as string, rows: ROWS, isCut: false, unreadable: 0 });
    expect((await user.run('diff', a, a)).stdout).toContain('The executables are the same.');
  });

  it('are not compared when one of the archives does not verify', async () => {
    makeDisks();
    const a = await sealDisk('a', 1);
    const damaged = join(user.directory, 'damaged.tar.gz');
    copyFileSync(a, damaged);
    truncateSync(damaged, 5000);
    expect(await user.json('diff', a, damaged)).toMatchObject({
      exitCode: 4,
      document: { error: { code: 'VERIFY_FAILED' } },
    });
  });

  it.skipIf(reason !== null)(`are compared as image files, of which no bit changes${why}`, async () => {
    makeDisks();
    const images = ['a', 'b'].map((name) => {
      const image = put(`${name}.img`, '');
      truncateSync(image, 16 * 1024 * 1024);
      expect(runTool('mkfs.ext4', ['-q', '-d', join(user.directory, name), image]).status).toBe(0);
      return image;
    });
    const before = images.map(sha256);
    const a = await sealDisk('a.img', 1);
    const b = await sealDisk('b.img', 2);
    expect((await user.json('diff', a, b)).document).toMatchObject({ rows: ROWS });
    expect(images.map(sha256)).toStrictEqual(before);
    // The kernel lets go of a device a moment after its mount is gone.
    const devices = () => images.map((image) => runTool('losetup', ['--associated', image]));
    const none = { status: 0, stdout: '', stderr: '' };
    await expect.poll(devices, { timeout: 30_000 }).toStrictEqual([none, none]);
  });
});
