import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bdbBlobs } from './bdb-blobs.js';
import { Damage } from './damage.js';
import { parseRpmHeader, type RpmPackage } from './rpm-header.js';
import { rpmPackages } from './rpm-packages.js';

const fixture = (name: string): Buffer => gunzipSync(readFileSync(join(import.meta.dirname, 'fixtures', `${name}.gz`)));

/** Hash of Berkeley DB, as rpm 4.14 of UBI 8 wrote it. */
const BDB = fixture('ubi8-libuuid-Packages');
/** As rpm of SLE 15 wrote it, without all but three of its packages. */
const NDB = fixture('sle15-three-packages-Packages.db');
/** As Debian's rpm 4.18 wrote it; the second package stands in the log alone. */
const SQLITE = fixture('rpm-4.18-rpmdb.sqlite');
const WAL = fixture('rpm-4.18-rpmdb.sqlite-wal');

function read(file: Buffer, wal: Buffer | null = null): { packages: RpmPackage[]; damaged: number } {
  const damage = new Damage();
  const packages = [...rpmPackages(file, wal, damage)];
  return { packages, damaged: damage.count };
}

const named = ({ packages }: { packages: RpmPackage[] }) => packages.map(({ name, version }) => `${name} ${version}`);

// What is expected here is what rpm itself says of these databases (rpm -q --dump, after rpmdb --importdb for those it cannot open).
describe('a database of rpm', () => {
  it('in Berkeley DB has its package, with values that fill pages of their own', () => {
    expect(read(BDB)).toStrictEqual({
      damaged: 0,
      packages: [
        {
          name: 'libuuid',
          version: '2.32.1-42.el8_8',
          digestName: 'sha256',
          files: [
            ['/usr/lib64/libuuid.so.1.3.0', '3c8f59a0e39cce53501045859f5c9a86b82fedd558a2f4110ab1823047b43745'],
            ['/usr/share/licenses/libuuid/COPYING', 'f051c5b2e7ed25acac4b79d22b9e5df80447c16f9ec543d6ed21c213c576f6aa'],
            [
              '/usr/share/licenses/libuuid/COPYING.BSD-3',
              '9b718a9460fed5952466421235bc79eb49d4e9eacc920d7a9dd6285ab8fd6c6d',
            ],
          ].map(([path, digest]) => ({ path, digest, isConfiguration: false })),
        },
      ],
    });
  });

  it('in ndb has its packages', () => {
    const found = read(NDB);
    expect(found.damaged).toBe(0);
    expect(named(found).toSorted()).toStrictEqual([
      'libbz2-1 1.0.6-5.11.1',
      'libcap2 2.26-4.6.1',
      'system-user-root 20190513-3.3.1',
    ]);
    expect(found.packages.flatMap(({ files }) => files)).toHaveLength(4);
  });

  it('in SQLite has its packages, and those of its log when the log is there', () => {
    expect(named(read(SQLITE))).toStrictEqual(['hello-world 1:1.2-3']);
    const both = read(SQLITE, WAL);
    expect(named(both)).toStrictEqual(['hello-world 1:1.2-3', 'two-files 7-1']);
    expect(both.damaged).toBe(0);
    expect(both.packages[0]).toMatchObject({
      digestName: 'sha256',
      files: [
        { path: '/etc/hello.conf', isConfiguration: true },
        {
          path: '/usr/bin/hello',
          digest: '98ea6e4f216f2fb4b69fff9b3a44842c38686ca685f3f55dc48c5d3fb1107be4',
          isConfiguration: false,
        },
        { path: '/usr/lib/hello/lib.so' },
      ],
    });
  });

  it('has of a log what was committed whole, and nothing of one that is damaged or of another database', () => {
    const turned = Buffer.from(WAL);
    turned[WAL.length - 10] = (turned[WAL.length - 10] ?? 0) ^ 1;
    for (const wal of [turned, WAL.subarray(0, -1), WAL.subarray(0, 40), Buffer.alloc(0), Buffer.alloc(9000, 7)])
      expect(named(read(SQLITE, wal))).toStrictEqual(['hello-world 1:1.2-3']);
  });

  it('loses the damaged package alone', () => {
    const at = NDB.indexOf('libcap2');
    const torn = Buffer.from(NDB);
    torn[at] = 0;
    expect(read(torn)).toMatchObject({ damaged: 1, packages: [{}, {}] });
  });

  it('that is none, or is cut, is said to be damaged', () => {
    for (const file of [Buffer.alloc(0), Buffer.from('SQLite format 3\0'), Buffer.alloc(8192), NDB.subarray(0, 4096)])
      expect(read(file).damaged).toBeGreaterThan(0);
    expect(read(BDB.subarray(0, 8192))).toMatchObject({ packages: [] });
    expect(read(SQLITE.subarray(0, 4096)).damaged).toBeGreaterThan(0);
  });
});

/** A header with these entries of tag, type, count and value. */
function header(entries: readonly (readonly [tag: number, type: number, count: number, value: Buffer])[]): Buffer {
  const data: Buffer[] = [];
  const index = entries.map(([tag, type, count, value]) => {
    const entry = Buffer.alloc(16);
    entry.writeUInt32BE(tag, 0);
    entry.writeUInt32BE(type, 4);
    entry.writeUInt32BE(Buffer.concat(data).length, 8);
    entry.writeUInt32BE(count, 12);
    data.push(value);
    return entry;
  });
  const sizes = Buffer.alloc(8);
  sizes.writeUInt32BE(entries.length, 0);
  sizes.writeUInt32BE(Buffer.concat(data).length, 4);
  return Buffer.concat([sizes, ...index, ...data]);
}

const text = (...values: string[]): Buffer => Buffer.from(values.map((one) => `${one}\0`).join(''));
const words = (...values: number[]): Buffer => {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, index) => bytes.writeUInt32BE(value, index * 4));
  return bytes;
};
const halves = (...values: number[]): Buffer => Buffer.from(values.flatMap((value) => [value >> 8, value & 0xff]));

describe('a header', () => {
  const MD5 = 'd41d8cd98f00b204e9800998ecf8427e';

  it('of an old package has MD5; links, folders, replaced and uninstalled files are left out', () => {
    const names = ['plain', 'link', 'folder', 'replaced', 'other-color', 'lost-folder'];
    const found = parseRpmHeader(
      header([
        [1000, 6, 1, text('old')],
        [1001, 6, 1, text('1.0')],
        [1002, 6, 1, text('2')],
        [1117, 8, 6, text(...names)],
        [1118, 8, 2, text('/usr/bin/', '/etc/')],
        [1116, 4, 6, words(0, 0, 0, 0, 0, 7)],
        [1035, 8, 6, text(MD5, '', '', MD5, MD5, MD5)],
        [1030, 3, 6, halves(0o104755, 0o120777, 0o40755, 0o100644, 0o100644, 0o100644)],
        [1029, 1, 6, Buffer.from([0, 0, 0, 1, 4, 0])],
      ]),
    );
    expect(found).toStrictEqual({
      name: 'old',
      version: '1.0-2',
      digestName: 'md5',
      files: [{ path: '/usr/bin/plain', digest: MD5, isConfiguration: false }],
    });
  });

  it('with another algorithm has none that is known, and one without a name is none', () => {
    const name = [1000, 6, 1, text('p')] as const;
    expect(parseRpmHeader(header([name, [5011, 4, 1, words(10)]]))?.digestName).toBeNull();
    expect(parseRpmHeader(header([[1001, 6, 1, text('1')]]))).toBeNull();
    expect(parseRpmHeader(header([name]).subarray(0, -1))).toBeNull();
  });
});

describe('a header that names a long folder once for many files', () => {
  const paths = (files: number): Buffer =>
    header([
      [1000, 6, 1, text('p')],
      [1117, 8, files, text(...Array.from({ length: files }, () => 'a'))],
      [1118, 8, 1, text(`/${'f'.repeat(3999)}`)],
      [1116, 4, files, words(...Array.from({ length: files }, () => 0))],
      [1035, 8, files, text(...Array.from({ length: files }, () => 'd41d8cd98f00b204e9800998ecf8427e'))],
      [1030, 3, files, halves(...Array.from({ length: files }, () => 0o100644))],
    ]);

  it('is no package, since its paths would fill the memory', () => {
    expect(parseRpmHeader(paths(8000))?.files).toHaveLength(8000);
    expect(parseRpmHeader(paths(9000))).toBeNull();
  });
});

describe('whatever the bytes are', () => {
  it('reading ends, without an exception', () => {
    const files = [BDB, NDB, SQLITE, WAL];
    const change = fc.tuple(fc.nat(1_000_000), fc.uint8Array({ minLength: 1, maxLength: 8 }));
    fc.assert(
      fc.property(
        fc.nat(3),
        fc.array(change, { minLength: 1, maxLength: 30 }),
        fc.double({ max: 1, min: 0, noNaN: true }),
        (which, changes, kept) => {
          const file = Buffer.from(files[which] ?? BDB);
          for (const [at, bytes] of changes) file.set(bytes, at % (file.length - 8));
          const cut = file.subarray(0, Math.ceil(file.length * (kept < 0.5 ? 1 : kept)));
          const found = which === 3 ? read(SQLITE, cut) : read(cut);
          expect(found.packages.length).toBeLessThan(10);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('a header is a package or none', () => {
    const blob = header([
      [1000, 6, 1, text('p')],
      [1117, 8, 2, text('a', 'b')],
      [1118, 8, 1, text('/')],
      [1116, 4, 2, words(0, 0)],
      [1035, 8, 2, text('d41d8cd98f00b204e9800998ecf8427e', 'd41d8cd98f00b204e9800998ecf8427e')],
      [1030, 3, 2, halves(0o100644, 0o100644)],
    ]);
    expect(parseRpmHeader(blob)?.files).toHaveLength(2);
    fc.assert(
      fc.property(fc.nat(blob.length - 5), fc.uint8Array({ minLength: 1, maxLength: 5 }), (at, bytes) => {
        const changed = Buffer.from(blob);
        changed.set(bytes, at);
        expect(parseRpmHeader(changed)?.files.length ?? 0).toBeLessThanOrEqual(2);
      }),
      { numRuns: 1000 },
    );
  });

  it('a database whose pages lead in circles is read in one round', () => {
    const ring = Buffer.from(SQLITE);
    // The root has all pages below it once, and then itself.
    const cells = ring.readUInt16BE(103);
    expect(ring[100]).toBe(5);
    for (let cell = 0; cell < cells; cell += 1) ring.writeUInt32BE(1, ring.readUInt16BE(112 + cell * 2));
    ring.writeUInt32BE(1, 108);
    // Each of its children is lost, and so is the table.
    expect(read(ring)).toStrictEqual({ packages: [], damaged: cells + 2 });
  });

  it('a database whose parts lie over each other is read in one round', () => {
    const heaped = Buffer.from(NDB);
    const slot = Buffer.from(NDB.subarray(384, 400));
    for (let at = 32; at < 4096; at += 16) slot.copy(heaped, at);
    const { packages, damaged } = read(heaped);
    expect(packages.length * slot.readUInt32LE(12) * 16).toBeLessThanOrEqual(NDB.length);
    expect(packages.length + damaged).toBe(254);
    // Nor does it help to call the parts small.
    slot.writeUInt32LE(1, 12);
    for (let at = 32; at < 4096; at += 16) slot.copy(heaped, at);
    expect(read(heaped)).toStrictEqual({ packages: [], damaged: 254 });
  });

  it('a value of Berkeley DB is followed from page to page, in whatever order they lie', () => {
    const pageBytes = BDB.readUInt32LE(20);
    const isUsed = (page: number): boolean => {
      const without = Buffer.from(BDB).fill(0, page * pageBytes, (page + 1) * pageBytes);
      return BDB[page * pageBytes + 25] === 7 && read(without).packages.length === 0;
    };
    const overflow = Array.from({ length: BDB.length / pageBytes }, (_, page) => page).filter(isUsed);
    // The first is named by its row.
    const pages = overflow.slice(1, 3);
    const [one = 0, other = 0] = pages;
    const at = (page: number) => BDB.subarray(page * pageBytes, (page + 1) * pageBytes);
    const swapped = Buffer.from(BDB);
    at(one).copy(swapped, other * pageBytes);
    at(other).copy(swapped, one * pageBytes);
    for (let page = 0; page * pageBytes < BDB.length; page += 1) {
      const next = page * pageBytes + 16;
      if (swapped[page * pageBytes + 25] !== 7 || !pages.includes(swapped.readUInt32LE(next))) continue;
      swapped.writeUInt32LE(swapped.readUInt32LE(next) === one ? other : one, next);
    }
    expect([...bdbBlobs(swapped, new Damage())]).toStrictEqual([...bdbBlobs(BDB, new Damage())]);
    expect(swapped.equals(BDB)).toBe(false);
  });
});
