import { describe, expect, it } from 'vitest';
import { PackageDatabase, type PackagedFile } from '../packages/package-database.js';
import type { NodePackages } from '../packages/read-node-packages.js';
import { compareExecutables } from './compare-executables.js';
import type { BothPackages } from './executable-owners.js';
import type { HeldExecutable, NodeExecutables } from './read-executables.js';

type Packaged = readonly [path: string, file: Omit<PackagedFile, 'package' | 'digestName'>];

/** A database of package `p` in SHA-256, as rpm has. */
function database(files: readonly Packaged[]): NodePackages {
  const one = new PackageDatabase();
  for (const [path, file] of files) one.add(path, { package: 'p', digestName: 'sha256', ...file });
  return { executables: new Map(), database: one, limits: new Set() };
}

const held = (sha256: string, modified = '1'): HeldExecutable => ({
  role: 'executable',
  kind: 'elf',
  sizeBytes: 10,
  mode: 0o755,
  uid: 0,
  gid: 0,
  modified,
  changed: '1',
  sha256,
});

function node(files: Readonly<Record<string, HeldExecutable>>, vantage: NodeExecutables['vantage']): NodeExecutables {
  const entries = Object.entries(files).map(([path, file]) => [Buffer.from(path).toString('base64'), file] as const);
  return { node: 'n', vantage, files: new Map(entries) };
}

function findings(a: NodeExecutables, b: NodeExecutables, packages: BothPackages) {
  return compareExecutables(a, b, packages).map(({ findings: found, owners }) => [found, owners.byPackage]);
}

const OLD = held('old');
const NEW = held('new', '2');
const v1 = database([['/usr/bin/x', { version: '1', digest: 'old' }]]);
const v2 = database([['/usr/bin/x', { version: '2', digest: 'new' }]]);

describe('an executable that two exhibits have differently', () => {
  const disk = node({ 'usr/bin/x': NEW }, 'offline-disk');

  it('is explained by a package whose versions both sides have as packaged, also between a disk and its live node', () => {
    const other = node({ 'usr/bin/x': OLD }, 'live-kernel');
    expect(findings(other, disk, { a: v1, b: v2 })).toEqual([[['by-package'], 'upgraded']]);
    expect(findings(disk, other, { a: v2, b: v1 })).toEqual([[['by-package'], 'upgraded']]);
  });

  it('is not explained where one side differs from its package, or has no database', () => {
    const [a, b] = [node({ 'usr/bin/x': OLD }, 'offline-disk'), disk];
    expect(findings(a, b, { a: v1, b: v1 })).toEqual([[['differs-from-package', 'changed-content'], null]]);
    expect(findings(a, b, { a: v1, b: null })).toEqual([[['changed-content'], null]]);
    expect(findings(a, b, { a: database([]), b: v2 })).toEqual([[['changed-content'], null]]);
    expect(findings(node({}, 'offline-disk'), b, { a: null, b: v2 })).toEqual([[['new'], null]]);
    expect(findings(node({}, 'offline-disk'), b, { a: v1, b: v2 })).toEqual([[['new'], null]]);
  });

  it('is not explained where the databases name one version with two contents, or the time was set back', () => {
    const forged = database([['/usr/bin/x', { version: '1', digest: 'new' }]]);
    const a = node({ 'usr/bin/x': OLD }, 'offline-disk');
    expect(findings(a, disk, { a: v1, b: forged })).toEqual([[['database-contradicts', 'changed-content'], null]]);
    const inDisguise = node({ 'usr/bin/x': held('new', '1') }, 'offline-disk');
    expect(findings(a, inDisguise, { a: v1, b: v2 })).toEqual([
      [['same-size-and-time', 'changed-content'], 'upgraded'],
    ]);
  });

  it('keeps what no package manager says: that it runs with the rights of its owner', () => {
    const setId = node({ 'usr/bin/x': { ...NEW, mode: 0o4755 } }, 'offline-disk');
    expect(findings(node({ 'usr/bin/x': OLD }, 'offline-disk'), setId, { a: v1, b: v2 })).toEqual([
      [['set-id', 'by-package'], 'upgraded'],
    ]);
  });

  it('was installed or removed with its package where the other side has neither', () => {
    const other = database([['/usr/bin/y', { version: '1', digest: 'y' }]]);
    const without = node({}, 'offline-disk');
    expect(findings(without, disk, { a: other, b: v2 })).toEqual([[['by-package'], 'installed']]);
    expect(findings(disk, without, { a: v2, b: other })).toEqual([[['by-package'], 'removed']]);
  });

  it('is judged by a digest of another collector only where that one saw the same content', () => {
    const weak: NodePackages['database'] = new PackageDatabase();
    weak.add('/usr/bin/x', { package: 'p', version: '2', digestName: 'md5', digest: 'm' });
    const seen = (sha256: string): NodePackages => ({
      executables: new Map([['/usr/bin/x', { path: '/usr/bin/x', sha256, sha1: null, md5: 'm' }]]),
      database: weak,
      limits: new Set(),
    });
    const a = node({ 'usr/bin/x': OLD }, 'offline-disk');
    expect(findings(a, disk, { a: v1, b: seen('new') })).toEqual([[['by-package'], 'upgraded']]);
    expect(findings(a, disk, { a: v1, b: seen('another moment') })).toEqual([[['changed-content'], null]]);
  });
});
