import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { User } from './exhibit.js';

const PROFILE = `apiVersion: kubexhibit.dev/v1
kind: Profile
metadata: { name: disk, title: A disk, description: Two collectors., references: [] }
collectors: [os-files, executables]
limits: { idleTimeoutMs: 60000 }
`;

// dpkg has nothing better.
const weak = (algorithm: 'md5', text: string): string => createHash(algorithm).update(text).digest('hex');
const digestOf = (content: string): string => weak('md5', content);

let user: User;

beforeEach(async () => {
  user = new User();
  writeFileSync(join(user.directory, 'disk.yaml'), PROFILE);
  await user.run('key', 'new');
});
afterEach(() => {
  user.remove();
});

function put(path: string, content: string | Buffer, mode = 0o644): void {
  const file = join(user.directory, path);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, content);
  chmodSync(file, mode);
}

interface Package {
  readonly name: string;
  readonly version: string;
  readonly files: Readonly<Record<string, string>>;
}

/** As `dpkg -i` leaves a system, with the digests that the package brought. */
function install(disk: string, packages: readonly Package[]): void {
  const stanzas = packages.map(
    ({ name, version }) => `Package: ${name}\nStatus: install ok installed\nVersion: ${version}\n`,
  );
  put(`${disk}/var/lib/dpkg/status`, stanzas.join('\n'));
  for (const { name, files } of packages) {
    const lines = Object.entries(files).map(([path, content]) => {
      put(`${disk}/${path}`, content, 0o755);
      return `${digestOf(content)}  ${path}\n`;
    });
    put(`${disk}/var/lib/dpkg/info/${name}.md5sums`, lines.join(''));
  }
}

async function sealDisk(disk: string, number: number): Promise<string> {
  const collected = await user.json('collect', '--disk', disk, '--node', 'node-a', '--profile', 'disk.yaml');
  expect(collected.document).toMatchObject({ caseId: expect.any(String) as string });
  // 3: sealed, with gaps.
  expect([0, 3]).toContain((await user.json('seal')).exitCode);
  const { caseId } = collected.document as { caseId: string };
  const copy = join(user.directory, `${String(number)}.tar.gz`);
  copyFileSync(join(user.home, 'cases', caseId, 'sealed', `${caseId}-x000${String(number)}.tar.gz`), copy);
  return copy;
}

describe('two disks of a node, between which packages were upgraded', () => {
  it('show what somebody else changed first, and say which package explains the rest', async () => {
    put('a/etc/machine-id', `${'a1'.repeat(16)}\n`);
    put('a/etc/os-release', 'ID=debian\n');
    const sudo = { name: 'sudo', version: '1.9-1', files: { 'usr/bin/visudo': 'edits' } };
    install('a', [
      { name: 'coreutils', version: '9.1-1', files: { 'usr/bin/ls': 'lists', 'usr/bin/cat': 'shows' } },
      { name: 'old-tool', version: '1', files: { 'usr/bin/old': 'old' } },
      sudo,
    ]);
    cpSync(join(user.directory, 'a'), join(user.directory, 'b'), { recursive: true, preserveTimestamps: true });
    install('b', [
      { name: 'coreutils', version: '9.1-2', files: { 'usr/bin/ls': 'lists more', 'usr/bin/cat': 'shows more' } },
      { name: 'new-tool', version: '2', files: { 'usr/bin/new': 'brand new' } },
      sudo,
    ]);
    for (const gone of ['usr/bin/old', 'var/lib/dpkg/info/old-tool.md5sums']) rmSync(join(user.directory, 'b', gone));
    put('b/usr/bin/cat', 'shows more and tells somebody', 0o755);
    put('b/usr/bin/visudo', 'edits and lets in', 0o755);
    put('b/var/lib/dpkg/info/sudo.md5sums', `${digestOf('edits and lets in')}  usr/bin/visudo\n`);
    put('b/usr/bin/implant', 'implant', 0o755);
    const a = await sealDisk('a', 1);
    const b = await sealDisk('b', 2);
    const { exitCode, document } = await user.json('diff', a, b);
    expect(exitCode).toBe(0);
    const coreutils = { package: 'coreutils', version: '9.1-1', verdict: 'unmodified' };
    expect(document).toMatchObject({
      compared: [{ packagesA: { files: 4, limits: [] }, packagesB: { files: 4, limits: [] } }],
      rows: [
        {
          path: { display: 'usr/bin/visudo' },
          findings: ['database-contradicts', 'changed-content'],
          owners: { byPackage: null, contradicts: true },
        },
        {
          path: { display: 'usr/bin/cat' },
          findings: ['differs-from-package', 'changed-content'],
          owners: { a: coreutils, b: { ...coreutils, version: '9.1-2', verdict: 'modified' }, byPackage: null },
        },
        { path: { display: 'usr/bin/implant' }, findings: ['new'], owners: { b: { verdict: 'not-owned' } } },
        { path: { display: 'usr/bin/ls' }, findings: ['by-package'], owners: { a: coreutils, byPackage: 'upgraded' } },
        { path: { display: 'usr/bin/new' }, findings: ['by-package'], owners: { byPackage: 'installed' } },
        { path: { display: 'usr/bin/old' }, findings: ['by-package'], owners: { byPackage: 'removed' } },
      ],
    });
    const { stdout } = await user.run('diff', a, b);
    expect(stdout).toContain('upgraded: coreutils 9.1-1 -> 9.1-2');
    expect(stdout).toContain('not as in coreutils 9.1-2');
  });
});

const FIXTURES = join(import.meta.dirname, '../../src');
const STORES = [
  ['io.containerd.metadata.v1.bolt', 'meta'],
  ['io.containerd.snapshotter.v1.overlayfs', 'metadata'],
] as const;

/** A disk with the containers of a recorded store; `image` and `inside` are the layers of one of them. */
function putContainers(
  image: Readonly<Record<string, string | Buffer>>,
  inside: Readonly<Record<string, string>>,
): void {
  const root = 'c/var/lib/containerd';
  put('c/etc/machine-id', `${'a1'.repeat(16)}\n`);
  for (const [place, name] of STORES) {
    const packed = join(FIXTURES, `lib/containerd-store/fixtures/containerd-1.6.20-${name}.db.gz`);
    put(`${root}/${place}/${name}.db`, gunzipSync(readFileSync(packed)));
  }
  const snapshots = `${root}/io.containerd.snapshotter.v1.overlayfs/snapshots`;
  for (const [path, content] of Object.entries(image)) put(`${snapshots}/1/fs/${path}`, content, 0o755);
  for (const [path, content] of Object.entries(inside)) put(`${snapshots}/2/fs/${path}`, content, 0o755);
}

describe('a container on a disk, whose image has packages of rpm', () => {
  it('shows whose a changed program is', async () => {
    writeFileSync(join(user.directory, 'disk.yaml'), PROFILE.replace('[os-files, executables]', '[container-diff]'));
    const database = gunzipSync(
      readFileSync(join(FIXTURES, 'analysis/packages/rpm/fixtures/rpm-4.18-rpmdb.sqlite.gz')),
    );
    putContainers(
      { 'usr/lib/sysimage/rpm/rpmdb.sqlite': database, 'usr/bin/hello': 'hi\n', 'usr/lib/hello/lib.so': 'lib\n' },
      { 'usr/bin/hello': '#!/bin/evil\n', 'usr/bin/new': '#!/bin/new\n' },
    );
    const archive = await sealDisk('c', 1);
    const { exitCode, document } = await user.json('diff', archive, '--accept', 'VERIFIED_PARTIAL');
    expect(exitCode).toBe(0);
    const { rows } = document as { rows: { entry: { path: string } | null; packages: unknown; findings: unknown }[] };
    const at = (path: string) => rows.find(({ entry }) => entry?.path === path);
    expect(at('/usr/bin/hello')).toMatchObject({
      packages: { image: { package: 'hello-world', version: '1:1.2-3', verdict: 'modified' }, own: null },
      findings: [{ rule: 'modified-system-file' }, { rule: 'modified-package-file', severity: 'high' }],
    });
    expect(at('/usr/bin/new')).toMatchObject({ packages: { image: { verdict: 'not-owned' } } });
    const { stdout } = await user.run('diff', archive);
    expect(stdout).toMatch(/modified-package-file +\/usr\/bin\/hello .*hello-world 1:1\.2-3/);
  });
});
