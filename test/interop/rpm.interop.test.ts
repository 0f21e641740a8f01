import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { judgeExecutable } from '../../src/analysis/packages/judge-executable.js';
import { PackageDatabase } from '../../src/analysis/packages/package-database.js';
import { PackageFiles } from '../../src/analysis/packages/package-files.js';
import { Damage } from '../../src/analysis/packages/rpm/damage.js';
import { rpmPackages } from '../../src/analysis/packages/rpm/rpm-packages.js';
import { SqlitePages } from '../../src/analysis/packages/rpm/sqlite-pages.js';
import { sqliteRows } from '../../src/analysis/packages/rpm/sqlite-table.js';
import { hasTool, needs, runTool } from '../fakes/stock-tools.js';

const PACKAGES = 20;
/** Each package has a file of its own, a configuration file, a link and a folder; the headers fill pages of the database many times. */
const SPEC = `
Name: base
Version: 1.5
Release: 2
Summary: x
License: MIT
BuildArch: noarch
%description
x
%{lua: for n = 1, ${PACKAGES} do
  print("%package -n part" .. n .. "\\nSummary: x\\n")
  if n % 3 == 0 then print("Epoch: " .. n .. "\\n") end
  print("%description -n part" .. n .. "\\n" .. string.rep("word ", n * 200) .. "\\n")
  print("%files -n part" .. n .. "\\n/usr/bin/tool" .. n .. "\\n/usr/bin/link" .. n .. "\\n%dir /usr/lib/part" .. n .. "\\n")
  print("/usr/lib/part" .. n .. "/*\\n%config(noreplace) /etc/part" .. n .. ".conf\\n%ghost /var/log/part" .. n .. "\\n")
end}
%install
mkdir -p %{buildroot}/usr/bin %{buildroot}/etc
for n in $(seq ${PACKAGES}); do
  echo "tool $n" > %{buildroot}/usr/bin/tool$n; chmod 755 %{buildroot}/usr/bin/tool$n; ln -s tool$n %{buildroot}/usr/bin/link$n
  mkdir -p %{buildroot}/usr/lib/part$n; for f in $(seq $n); do echo "$n $f" > %{buildroot}/usr/lib/part$n/f$f; done
  echo "conf $n" > %{buildroot}/etc/part$n.conf
done
`;
/** Regular files that were installed, as rpm itself prints them. */
const FORMAT =
  '[%{=NAME} %|EPOCH?{%{=EPOCH}:}:{}|%{=VERSION}-%{=RELEASE} %{FILENAMES} %{FILEDIGESTS} %{FILEFLAGS} %{FILEMODES:octal}\n]';

const folder = mkdtempSync(join(tmpdir(), 'exhibit-rpm-'));
const isRoot = process.getuid?.() === 0;
/** Debian's rpm keeps its own database elsewhere; to look below another root it changes its root. */
const WHERE = isRoot
  ? ['--root', join(folder, 'root'), '--dbpath', '/var/lib/rpm']
  : ['--dbpath', join(folder, 'root/var/lib/rpm')];
const database = join(folder, 'root/var/lib/rpm/rpmdb.sqlite');

function run(program: string, args: readonly string[], input = ''): string {
  const { status, stdout, stderr } = runTool(program, args, { cwd: folder, input });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${String(status)}: ${stderr}`);
  return stdout;
}

function ours(file: Buffer, wal: Buffer | null = null): { lines: string[]; damaged: number } {
  const damage = new Damage();
  const lines = [...rpmPackages(file, wal, damage)].flatMap(({ name, version, files }) =>
    files.map(({ path, digest, isConfiguration }) => `${name} ${version} ${path} ${digest} ${String(isConfiguration)}`),
  );
  return { lines: lines.toSorted(), damaged: damage.count };
}

function theirs(): string[] {
  const text = run('rpm', [...WHERE, '-qa', '--qf', FORMAT]);
  return text
    .split('\n')
    .map((line) => line.split(' '))
    .filter(({ length, 3: digest = '', 5: mode = '' }) => length === 6 && !/^0*$/.test(digest) && mode.startsWith('10'))
    .map(([name, version, path, digest, flags]) => [name, version, path, digest, (Number(flags) & 1) === 1].join(' '))
    .toSorted();
}

const hasRpm = hasTool('rpmbuild') && hasTool('rpm');
const hasSqlite = hasTool('sqlite3', ['-version']);
const hasBdb = hasTool('db5.3_load', ['-V']);

describe.skipIf(!hasRpm)(`what rpm wrote${needs('rpm', hasRpm)}`, () => {
  beforeAll(() => {
    writeFileSync(join(folder, 'base.spec'), SPEC);
    run('rpmbuild', ['-bb', '--quiet', '--define', `_topdir ${folder}/top`, 'base.spec']);
    const made = Array.from({ length: PACKAGES }, (_, n) => `top/RPMS/noarch/part${n + 1}-1.5-2.noarch.rpm`);
    mkdirSync(join(folder, 'root/var/lib/rpm'), { recursive: true });
    run('rpm', [...WHERE, ...(isRoot ? [] : ['--justdb']), '--nodeps', '-i', ...made]);
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  it('in SQLite is read as rpm reads it', () => {
    const expected = theirs();
    expect(expected).toHaveLength(PACKAGES * 2 + (PACKAGES * (PACKAGES + 1)) / 2);
    expect(ours(readFileSync(database))).toStrictEqual({ lines: expected, damaged: 0 });
  });

  it.skipIf(!isRoot)(
    `is judged as by rpm -V${isRoot ? '' : ' (skipped: rpm needs root to look below a folder)'}`,
    () => {
      for (const [path, text] of [
        ['usr/bin/tool3', 'evil\n'],
        ['usr/lib/part9/f2', '9 X\n'],
        ['etc/part5.conf', 'changed\n'],
      ] as const)
        writeFileSync(join(folder, 'root', path), text);
      const verified = runTool('rpm', [...WHERE, '-Va']).stdout;
      const changed = [...verified.matchAll(/^..5\S* +(c )? *(\/\S+)$/gm)].map(
        ([, config = '', path = '']) => config + path,
      );
      const packages = new PackageDatabase();
      const files = new PackageFiles(packages);
      files.take('/var/lib/rpm/rpmdb.sqlite', readFileSync(database));
      files.end();
      const judged = theirs().flatMap((line) => {
        const [, , path = ''] = line.split(' ');
        const sha256 = createHash('sha256')
          .update(readFileSync(join(folder, 'root', path)))
          .digest('hex');
        const { verdict } = judgeExecutable({ path, sha256, sha1: null, md5: null }, packages);
        return verdict === 'unmodified' ? [] : [`${verdict === 'configured' ? 'c ' : ''}${path}`];
      });
      expect(judged.toSorted()).toStrictEqual(changed.toSorted());
      expect(judged).toHaveLength(3);
    },
  );

  it.skipIf(!hasSqlite)(`is read with the log of the database${needs('sqlite3', hasSqlite)}`, () => {
    const expected = theirs();
    copyFileSync(database, join(folder, 'live.sqlite'));
    const script = `.output /dev/null
PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0;
DELETE FROM Packages WHERE hnum % 2 = 0;
UPDATE Packages SET hnum = hnum + 1000;
.shell cp live.sqlite copy.sqlite; cp live.sqlite-wal copy.sqlite-wal
`;
    run('sqlite3', ['live.sqlite'], script);
    const copy = readFileSync(join(folder, 'copy.sqlite'));
    expect(ours(copy).lines).toStrictEqual(expected);
    const current = ours(copy, readFileSync(join(folder, 'copy.sqlite-wal')));
    expect(current.damaged).toBe(0);
    expect(new Set(current.lines.map((line) => line.split(' ')[0])).size).toBe(PACKAGES / 2);
    expect(ours(readFileSync(join(folder, 'live.sqlite'))).lines).toStrictEqual(current.lines);
  });

  it.skipIf(!hasSqlite || !hasBdb)(
    `is read out of a hash of Berkeley DB, in either order of bytes${needs('sqlite3 or db5.3_load', hasSqlite && hasBdb)}`,
    () => {
      const rows = run('sqlite3', [database, 'select hnum, lower(hex(blob)) from Packages']).trim().split('\n');
      const number = (value: number): string => value.toString(16).padStart(8, '0');
      const pairs = rows
        .map((row) => row.split('|'))
        .map(([key = '', hex = '']) => ` ${number(Number(key))}\n ${hex}\n`);
      const dump = `VERSION=3\nformat=bytevalue\ntype=hash\nHEADER=END\n 00000000\n ${number(PACKAGES)}\n${pairs.join('')}DATA=END\n`;
      for (const order of ['1234', '4321'])
        for (const pageBytes of ['512', '4096', '65536']) {
          const name = `bdb-${order}-${pageBytes}`;
          run('db5.3_load', ['-c', `db_lorder=${order}`, '-c', `db_pagesize=${pageBytes}`, name], dump);
          expect(ours(readFileSync(join(folder, name))), name).toStrictEqual({ lines: theirs(), damaged: 0 });
        }
    },
  );
});

describe.skipIf(!hasSqlite)(`what SQLite wrote${needs('sqlite3', hasSqlite)}`, () => {
  it.each([512, 1024, 4096, 65_536])('has rows of every length, with pages of %i bytes', (pageBytes) => {
    const home = mkdtempSync(join(tmpdir(), 'exhibit-sqlite-'));
    try {
      // Around the lengths at which a row no longer fits its page, where one more page begins, and where rows are small.
      const around = [0, pageBytes / 4, pageBytes, pageBytes * 2, pageBytes * 3];
      const rows = around.flatMap((middle) => Array.from({ length: 90 }, (_, n) => Math.max(0, middle - 45 + n)));
      const values = rows.map((length) => `(zeroblob(${length}))`).join(',');
      const path = join(home, 'x.sqlite');
      const script = `PRAGMA page_size=${pageBytes}; CREATE TABLE 'Packages' (hnum INTEGER PRIMARY KEY, blob BLOB); INSERT INTO Packages(blob) VALUES ${values};`;
      expect(runTool('sqlite3', [path], { input: script })).toMatchObject({ status: 0, stderr: '' });
      const pages = SqlitePages.of(readFileSync(path), null);
      const damage = new Damage();
      const found = pages === null ? [] : [...sqliteRows(pages, 'Packages', damage)].map(([, blob]) => blob?.length);
      expect(found).toStrictEqual(rows);
      expect(damage.count).toBe(0);
    } finally {
      rmSync(home, { recursive: true });
    }
  });
});
