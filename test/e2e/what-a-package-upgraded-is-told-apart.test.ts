import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
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

function put(path: string, content: string, mode = 0o644): void {
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
  expect(collected.exitCode).toBe(0);
  expect((await user.json('seal')).exitCode).toBe(0);
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
