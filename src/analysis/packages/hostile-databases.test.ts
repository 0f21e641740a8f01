import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { addApkFiles } from './apk-database.js';
import { DatabaseTar } from './database-tar.js';
import { addDpkgFiles, addDpkgStatus, parseDpkgDiversions } from './dpkg-database.js';
import { PackageDatabase } from './package-database.js';
import { PackageFiles } from './package-files.js';

const MD5 = 'd41d8cd98f00b204e9800998ecf8427e';
const lines = (count: number, line: (n: number) => string): string =>
  Array.from({ length: count }, (_, n) => line(n)).join('');

describe("dpkg's configuration files", () => {
  const pathsOf = (text: string, ...paths: string[]): (string | null)[] => {
    const database = new PackageDatabase();
    addDpkgStatus(database, `Package: p\nConffiles:\n${text}\n`);
    return paths.map((path) => database.ownerOf(path)?.digest ?? null);
  };

  it('may have spaces in their names, and marks behind their digests', () => {
    const text = ` /etc/a ${MD5}\n /etc/b c ${MD5} obsolete\n /etc/d ${MD5} obsolete remove-on-upgrade\n`;
    expect(pathsOf(text, '/etc/a', '/etc/b c', '/etc/d')).toEqual([MD5, MD5, MD5]);
  });

  it('are none without a digest or a path', () => {
    const text = ` /etc/a newconffile\n / ${MD5.slice(1)}\n /etc/b ${MD5.toUpperCase()}\n ${MD5}\n /etc/c ${MD5} a b c\n`;
    expect(pathsOf(text, '/etc/a', '/', '/etc/b', '', '/etc/c')).toEqual([null, null, null, null, null]);
  });

  // An expression that goes back to each of the digests takes minutes.
  it('are not looked for in a line of megabytes', () => {
    expect(pathsOf(` /etc/a${` ${MD5}`.repeat(80_000)}\r\n /etc/b ${MD5}\n`, '/etc/b')).toEqual([MD5]);
  });
});

describe("dpkg's diversions", () => {
  const diverted = (count: number): string => lines(count, (n) => `/usr/bin/f${n}\n/usr/bin/f${n}.distrib\nother\n`);

  it('move the files of all packages but the one that made them', () => {
    const database = new PackageDatabase();
    const diversions = parseDpkgDiversions(diverted(1));
    addDpkgFiles(database, { package: 'p', text: `${MD5}  usr/bin/f0\n` }, diversions);
    addDpkgFiles(database, { package: 'other', text: `${MD5}  usr/bin/f0\n` }, diversions);
    expect(['/usr/bin/f0', '/usr/bin/f0.distrib'].map((path) => database.ownerOf(path)?.package)).toEqual([
      'other',
      'p',
    ]);
  });

  // Gone through for each list, so many take minutes.
  it('are looked up, and so many lists take no longer than their lines', () => {
    const database = new PackageDatabase();
    const files = new PackageFiles(database);
    for (let n = 0; n < 5000; n += 1)
      files.take(`/var/lib/dpkg/info/p${n}.md5sums`, Buffer.from(`${MD5}  usr/bin/f${n}\n`));
    files.take('/var/lib/dpkg/diversions', Buffer.from(diverted(100_000)));
    files.end();
    expect(files.strange).toBe(0);
    expect(database.ownerOf('/usr/bin/f4999.distrib')?.package).toBe('p4999');
  });

  it('of more than a hundred thousand are said to be damaged', () => {
    const files = new PackageFiles(new PackageDatabase());
    files.take('/var/lib/dpkg/diversions', Buffer.from(diverted(100_001)));
    files.end();
    expect(files.strange).toBe(1);
  });
});

describe('a folder that is named once for many files', () => {
  const folder = 'f'.repeat(4000);
  const Q1 = `Q1${Buffer.alloc(20).toString('base64')}`;
  const text = `P:p\nV:1\nF:${folder}\n${lines(80_000, (n) => `R:${n}\nZ:${Q1}\n`)}`;

  it('fills no memory: what nobody asks for is not kept, and all paths have a bound', () => {
    let asked = 0;
    const database = new PackageDatabase(() => {
      asked += 1;
      return false;
    });
    addApkFiles(database, text);
    expect(database.isCut).toBe(true);
    expect(database.listed).toBe(asked);
    expect(asked * folder.length).toBeLessThanOrEqual(256 * 1024 * 1024);
    expect(asked).toBeGreaterThan(60_000);
  });
});

describe('the archive of a database', () => {
  let home: string;
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'exhibit-packages-'));
  });
  afterEach(() => {
    rmSync(home, { recursive: true });
  });

  function readSparse(path: string): DatabaseTar {
    mkdirSync(join(home, path, '..'), { recursive: true });
    writeFileSync(join(home, path), 'Package: p\n');
    truncateSync(join(home, path), 48 * 1024 * 1024);
    const tar = new DatabaseTar(new PackageDatabase());
    const bytes = execFileSync('tar', ['-C', home, '-cf', '-', '--format=pax', '--sparse', path]);
    expect(bytes.length).toBeLessThan(1024 * 1024);
    tar.write(bytes);
    return tar;
  }

  it('has no text with holes, which would be large for nothing', () => {
    expect([...readSparse('var/lib/dpkg/status').limits]).toEqual(['database-damaged']);
    expect([...readSparse('lib/apk/db/installed').limits]).toEqual(['database-damaged']);
    expect([...readSparse('var/lib/rpm/rpmdb.sqlite').limits]).toEqual([]);
  });
});
