import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { gzipOf, jsonLines, makeBag, packBag } from '../../../test/fakes/archive-builder.js';
import { addApkFiles } from './apk-database.js';
import { DatabaseTar } from './database-tar.js';
import { addDpkgFiles, addDpkgStatus, packageOfMd5sums, parseDpkgDiversions } from './dpkg-database.js';
import { judgeExecutable } from './judge-executable.js';
import { PackageDatabase } from './package-database.js';
import { readNodePackages } from './read-node-packages.js';
import { readPackageFindings } from './read-package-findings.js';

// The databases have nothing better.
const weak = (algorithm: 'md5' | 'sha1', text: string | Buffer): string =>
  createHash(algorithm).update(text).digest('hex');
const file = (path: string, content: string | null) => ({
  path,
  sha256: null,
  sha1: content === null ? null : weak('sha1', content),
  md5: content === null ? null : weak('md5', content),
});

describe('dpkg', () => {
  const database = new PackageDatabase();
  const diversions = parseDpkgDiversions('/usr/bin/sh\n/usr/bin/sh.distrib\nother\n/half\n');
  const strange = addDpkgFiles(
    database,
    { package: 'dash', text: `${weak('md5', 'ls')}  bin/ls\n${weak('md5', 'sh')}  usr/bin/sh\nno line\n` },
    diversions,
  );

  addDpkgStatus(
    database,
    `Package: dash\nStatus: install ok installed\nVersion: 0.5-2\nConffiles:\n /etc/init.d/dash ${weak('md5', 'c')}\n\n`,
  );
  const dash = { package: 'dash', version: '0.5-2' };
  const nobody = { verdict: 'not-owned', package: null, version: null };

  it('knows configuration, which is meant to be changed', () => {
    expect(judgeExecutable(file('/etc/init.d/dash', 'c'), database)).toEqual({ verdict: 'unmodified', ...dash });
    expect(judgeExecutable(file('/etc/init.d/dash', 'C'), database)).toEqual({ verdict: 'configured', ...dash });
  });

  it('tells modified files from those that are as packaged, under either name of a merged folder', () => {
    expect(strange).toBe(1);
    for (const path of ['/bin/ls', '/usr/bin/ls']) {
      expect(judgeExecutable(file(path, 'ls'), database)).toEqual({ verdict: 'unmodified', ...dash });
      expect(judgeExecutable(file(path, 'LS'), database)).toEqual({ verdict: 'modified', ...dash });
    }
    expect(judgeExecutable(file('/usr/bin/sh', 'sh'), database)).toEqual(nobody);
    expect(judgeExecutable(file('/usr/bin/sh.distrib', 'sh'), database).verdict).toBe('unmodified');
    expect(judgeExecutable(file('/usr/bin/ls', null), database).verdict).toBe('not-comparable');
    expect(judgeExecutable(file('/tmp/x', 'x'), database).verdict).toBe('not-owned');
  });

  it('knows the lists by their names', () => {
    expect(packageOfMd5sums('/var/lib/dpkg/info/libc6:amd64.md5sums')).toBe('libc6');
    expect(packageOfMd5sums('/var/lib/dpkg/info/libc6.list')).toBeNull();
    expect(packageOfMd5sums('/tmp/libc6.md5sums')).toBeNull();
    expect(packageOfMd5sums('/var/lib/dpkg/status.d/base.md5sums')).toBe('base');
  });
});

describe('apk', () => {
  it('reads packages, folders, files and digests of either kind', () => {
    const database = new PackageDatabase();
    const sha1 = Buffer.from(weak('sha1', 'ls'), 'hex').toString('base64');
    addApkFiles(
      database,
      `P:busybox\nV:1.36\nF:bin\nR:busybox\na:0:0:755\nZ:Q1${sha1}\nF:\nR:root-file\nZ:Q1bad\n\nP:other\n`,
    );
    expect(judgeExecutable(file('/bin/busybox', 'ls'), database)).toEqual({
      verdict: 'unmodified',
      package: 'busybox',
      version: '1.36',
    });
    expect(judgeExecutable(file('/bin/busybox', 'x'), database).verdict).toBe('modified');
    expect(database.listed).toBe(1);
    // The version is known of a package without a file that is asked for, too.
    expect(database.versionOf({ package: 'busybox' })).toBe('1.36');
  });
});

describe('whatever stands in a database', () => {
  it('no parser fails', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        const database = new PackageDatabase();
        addApkFiles(database, text);
        addDpkgStatus(database, text);
        addDpkgFiles(database, { package: 'p', text }, parseDpkgDiversions(text));
        const tar = new DatabaseTar(database);
        tar.write(Buffer.from(text.padEnd(600), 'latin1'));
        tar.end();
        expect(tar.limits).toContain('database-broken');
      }),
    );
  });
});

describe('an archive', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'exhibit-packages-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  const executables = (files: Readonly<Record<string, string>>): Buffer =>
    jsonLines(
      Object.entries(files).map(([path, content]) => ({
        path: { b64: Buffer.from(path).toString('base64'), display: path },
        type: 'file',
        md5: weak('md5', content),
      })),
    );

  function archive(listed: Buffer, database: Buffer, name = 'dpkg'): { path: string; sha256: string } {
    const bytes = gzipOf(
      packBag(
        makeBag({
          payload: [
            { path: 'data/derived/nodes/n1/os-files/executables.jsonl', bytes: listed, artifact: 'a' },
            { path: `data/nodes/n1/os-files/package-database-${name}/files.tar`, bytes: database, artifact: 'b' },
          ],
        }),
      ),
    );
    const path = join(folder, 'x.tar.gz');
    writeFileSync(path, bytes);
    return { path, sha256: createHash('sha256').update(bytes).digest('hex') };
  }
  const tarOf = (files: Readonly<Record<string, string>>): Buffer => {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(join(folder, path, '..'), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    return execFileSync('tar', ['-C', folder, '-cf', '-', '--format=pax', ...Object.keys(files)]);
  };

  it('gives the findings of each node', async () => {
    const database = tarOf({
      'var/lib/dpkg/info/coreutils.md5sums': ['ls', 'cat', 'not-taken']
        .map((name) => `${weak('md5', name)}  bin/${name}\n`)
        .join(''),
    });
    const { path, sha256 } = archive(
      executables({ '/usr/bin/ls': 'ls', '/usr/bin/cat': 'EVIL', '/tmp/xmrig': 'x' }),
      database,
    );
    expect(await readPackageFindings(path, sha256)).toEqual([
      {
        node: 'n1',
        packagedFiles: 3,
        unmodified: 1,
        modifiedTotal: 1,
        modified: [{ pathB64: Buffer.from('/usr/bin/cat').toString('base64'), package: 'coreutils', version: null }],
        notOwnedTotal: 1,
        notOwned: [{ pathB64: Buffer.from('/tmp/xmrig').toString('base64') }],
        configured: 0,
        notComparable: 0,
        limits: [],
      },
    ]);
    const { database: kept } = (await readNodePackages(path, sha256)).get('n1') ?? expect.fail('no node');
    expect(['ls', 'cat', 'not-taken'].map((name) => kept.ownerOf(`/bin/${name}`)?.package)).toEqual([
      'coreutils',
      'coreutils',
      undefined,
    ]);
    const asked = await readNodePackages(path, sha256, (one) => one === '/usr/bin/not-taken');
    expect(asked.get('n1')?.database.ownerOf('/bin/not-taken')?.package).toBe('coreutils');
    await expect(readPackageFindings(path, '0'.repeat(64))).rejects.toMatchObject({ code: 'VERIFY_FAILED' });
  });

  it('reads rpm, with the log of its database, whose holes are zeros', async () => {
    const rpm = join(import.meta.dirname, 'rpm/fixtures/rpm-4.18-rpmdb.sqlite');
    const at = join(folder, 'usr/lib/sysimage/rpm');
    mkdirSync(at, { recursive: true });
    for (const suffix of ['', '-wal'])
      writeFileSync(join(at, `rpmdb.sqlite${suffix}`), gunzipSync(readFileSync(`${rpm}${suffix}.gz`)));
    const tar = execFileSync('tar', ['-C', folder, '-cf', '-', '--format=pax', '--sparse', 'usr/lib/sysimage/rpm']);
    const hi = createHash('sha256').update('hi\n').digest('hex');
    const lines = ['/usr/bin/hello', '/usr/bin/two'].map((path) => ({
      path: { b64: Buffer.from(path).toString('base64'), display: path },
      type: 'file',
      sha256: hi,
    }));
    const { path, sha256 } = archive(jsonLines(lines), tar, 'rpm');
    expect(await readPackageFindings(path, sha256)).toMatchObject([
      { packagedFiles: 4, unmodified: 1, modified: [{ package: 'two-files', version: '7-1' }], limits: [] },
    ]);
  });

  it('says what it could not compare', async () => {
    const rpm = archive(executables({ '/usr/bin/ls': 'ls' }), tarOf({ 'var/lib/rpm/rpmdb.sqlite': 'x' }), 'rpm');
    expect(await readPackageFindings(rpm.path, rpm.sha256)).toMatchObject([
      { limits: ['database-damaged'], packagedFiles: 0 },
    ]);
    const broken = archive(executables({ '/usr/bin/ls': 'ls' }), Buffer.alloc(512, 0x41));
    expect(await readPackageFindings(broken.path, broken.sha256)).toMatchObject([{ limits: ['database-broken'] }]);
  });

  it.skipIf(!existsSync('/var/lib/dpkg/info/coreutils.md5sums'))(
    'agrees with this machine about its own files (needs dpkg)',
    () => {
      const database = new PackageDatabase();
      addDpkgFiles(
        database,
        { package: 'coreutils', text: readFileSync('/var/lib/dpkg/info/coreutils.md5sums', 'latin1') },
        { byPath: new Map() },
      );
      const md5 = weak('md5', readFileSync('/usr/bin/sha256sum'));
      const known = { path: '/usr/bin/sha256sum', sha256: null, sha1: null, md5 };
      expect(judgeExecutable(known, database)).toEqual({ verdict: 'unmodified', package: 'coreutils', version: null });
    },
  );
});
