import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseMountInfo } from '../../lib/mount-info.js';
import { chooseLeftOut, exclusionList } from './choose-left-out.js';
import { containerProcessesOf, parseProcStat } from './container-processes.js';
import { instantOf, namedOf } from './entry-record.js';
import { homesOf } from './find-layers.js';
import { ListingError, ListingReader, type ListedEntry } from './listing.js';
import { overlayLayersOf } from './overlay-layers.js';
import { hasForeignMark, markPrefixOf, overlayMarksOf } from './overlay-marks.js';
import { policyOf, volumeOf } from './volume-kind.js';

const mountOf = (line: string) => parseMountInfo(line) ?? expect.fail('no mount');
const overlay = (options: string) =>
  overlayLayersOf(mountOf(`1 0 0:5 / / rw shared:1 master:2 - overlay overlay ${options}`));

describe('mountinfo', () => {
  it('is parsed with its escapes undone', () => {
    expect(
      mountOf(String.raw`36 35 98:0 /mnt1 /a\040b\134c rw,noatime master:1 - ext3 /dev/root rw,errors=continue`),
    ).toEqual({
      id: 36,
      parentId: 35,
      device: '98:0',
      root: '/mnt1',
      mountPoint: String.raw`/a b\c`,
      options: ['rw', 'noatime'],
      fsType: 'ext3',
      source: '/dev/root',
      superOptions: ['rw', 'errors=continue'],
    });
    expect(mountOf('1 0 0:5 / / rw - tmpfs  rw').source).toBe('');
  });

  it('is null for anything else, and never throws', () => {
    for (const line of ['', 'x', '1 0 0:5 / / rw tmpfs tmpfs rw', '1 0 05 / / rw - a b c'])
      expect(parseMountInfo(line)).toBeNull();
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (line) => void parseMountInfo(line)));
  });
});

describe('the layers of an overlay', () => {
  it.each([
    ['rw,lowerdir=/b:/a,upperdir=/u,workdir=/w', ['/b', '/a'], '/u', 0],
    [String.raw`rw,lowerdir=/b\134:x:/a,upperdir=/u\054v,workdir=/w`, ['/b:x', '/a'], '/u,v', 0],
    ['rw,lowerdir=l/AB:l/CD,upperdir=xy/diff,workdir=xy/work', ['l/AB', 'l/CD'], 'xy/diff', 0],
    ['rw,lowerdir+=/a:b,lowerdir+=/c,datadir+=/d,upperdir=/u,workdir=/w', ['/a:b', '/c', '/d'], '/u', 1],
    ['rw,lowerdir=/a:/b::/d1::/d2,upperdir=/u,workdir=/w', ['/a', '/b', '/d1', '/d2'], '/u', 2],
    ['ro,lowerdir=/b:/a', ['/b', '/a'], null, 0],
  ])('of %s', (options, lowers, upper, dataOnly) => {
    expect(overlay(options)).toMatchObject({ lowers, upper, dataOnly, userXattr: false });
  });

  it('says where its marks are, and is null for what names no layer', () => {
    expect(overlay('rw,lowerdir=/a,upperdir=/u,workdir=/w,userxattr')?.userXattr).toBe(true);
    expect(overlay('rw')).toBeNull();
    expect(overlayLayersOf(mountOf('1 0 0:5 / / rw - ext4 /dev/sda rw,lowerdir=/a'))).toBeNull();
  });

  it('takes any name apart again', () => {
    const name = fc
      .string({ minLength: 1, unit: fc.constantFrom('a', ':', '\\', ',', ' ', '/', '\n') })
      .map((text) => `/${text}`);
    const octal = (text: string) =>
      text.replace(/[\\, \n\t]/g, (c) => `\\${c.charCodeAt(0).toString(8).padStart(3, '0')}`);
    fc.assert(
      fc.property(fc.array(name, { minLength: 1, maxLength: 4 }), name, (lowers, upper) => {
        const joined = lowers.map((one) => one.replace(/[\\:]/g, String.raw`\$&`)).join(':');
        const found = overlay(`rw,lowerdir=${octal(joined)},upperdir=${octal(upper)},workdir=/w`);
        expect(found?.lowers).toEqual(lowers);
        expect(found?.upper).toBe(upper);
      }),
    );
  });

  it('has homes for relative names: each folder above what is known, then the usual ones', () => {
    const layers = { upper: 'x/diff', work: 'x/work', lowers: ['l/A'], dataOnly: 0, userXattr: false };
    expect(homesOf(layers, '/data/docker/overlay2/x/merged')).toEqual(
      expect.arrayContaining(['/data/docker/overlay2', '/var/lib/containers/storage/overlay']),
    );
  });
});

const fieldsOf = (path: string, more: Partial<Record<number, string>> = {}): string => {
  const fields = [
    'f',
    '644',
    '0',
    '0',
    '5',
    '8',
    '1',
    '12',
    '65025',
    '1.5',
    '1577934245.1234567890',
    '3.0000000001',
    '',
    '',
    path,
  ];
  return `${fields.map((field, index) => more[index] ?? field).join('\0')}\0\n`;
};
const listing = (text: string, cuts: readonly number[] = []) => {
  const reader = new ListingReader();
  const bytes = Buffer.from(text, 'latin1');
  const ends = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  let from = 0;
  const records = ends.flatMap((end) => {
    const piece = bytes.subarray(from, end);
    from = end;
    return [...reader.feed(piece)];
  });
  reader.end();
  return records;
};

describe('a listing', () => {
  it('is read whatever its names are and however it is cut', () => {
    const name = fc
      .uint8Array({ minLength: 1, maxLength: 30 })
      .map((bytes) => Buffer.from(bytes.map((byte) => byte || 1)).toString('latin1'));
    fc.assert(
      fc.property(fc.array(name, { maxLength: 5 }), fc.array(fc.nat(), { maxLength: 5 }), (names, cuts) => {
        const records = listing(names.map((one) => fieldsOf(one)).join(''), cuts);
        expect(records.map((record) => (record.kind === 'entry' ? record.entry.path : ''))).toEqual(names);
      }),
    );
  });

  it('gives numbers and times with all their digits', () => {
    const [record] = listing(fieldsOf('a', { 1: '4755', 5: '16', 11: '-1.5' }));
    expect(record).toMatchObject({
      kind: 'entry',
      entry: {
        type: 'file',
        mode: 0o4755,
        allocatedBytes: 8192,
        inode: '12',
        mtimeNs: 1577934245123456789n,
        ctimeNs: -1500000000n,
        btimeNs: null,
      },
    });
    expect(listing(`L${'\0'.repeat(14)}/layer\0\nR\x000\x000${'\0'.repeat(12)}./a/b\0\n`)).toEqual([
      { kind: 'layer', path: '/layer' },
      { kind: 'device', path: 'a/b', major: 0, minor: 0 },
    ]);
  });

  it.each([
    ['a torn record', fieldsOf('a').slice(0, -1)],
    ['a field too many', fieldsOf('a').replace('\n', '\0\n')],
    ['a size that is none', fieldsOf('a', { 4: 'x' })],
    ['an inode that is none', fieldsOf('a', { 7: '-1' })],
    ['a time that is none', fieldsOf('a', { 10: '' })],
  ])('with %s is refused', (_, text) => {
    expect(() => listing(text)).toThrow(ListingError);
  });

  it('ends with ListingError or records, whatever comes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        try {
          listing(Buffer.from(bytes).toString('latin1'));
        } catch (error) {
          expect(error).toBeInstanceOf(ListingError);
        }
      }),
    );
  });
});

describe('processes', () => {
  const id = 'a'.repeat(64);
  const stat = (pid: number, name: string, parent: number, start: number): string =>
    `/proc/${pid}/stat\0${pid} (${name}) S ${parent}${' 0'.repeat(17)} ${start} 0\n`;
  const cgroup = (pid: number): string =>
    `/proc/${pid}/cgroup\x000::/kubepods/pod12345678-1234-1234-1234-123456789abc/${id}\n`;

  it('of a container: the one whose parent is outside and that began first', () => {
    const answer = [
      cgroup(10),
      cgroup(11),
      cgroup(12),
      cgroup(13),
      stat(10, 'sh) S 1', 1, 50),
      stat(11, 'exec', 1, 90),
      stat(12, 'child', 10, 40),
    ];
    expect(containerProcessesOf(Buffer.from(answer.join('')))).toEqual(
      new Map([[id, { pid: 10, parentPid: 1, startTicks: '50' }]]),
    );
  });

  it('with a name of many lines', () => {
    const text = `/proc/7/stat\x007 (a\n/proc/7/stat\0b) S 3${' 0'.repeat(17)} 8 0\n`;
    expect(containerProcessesOf(Buffer.from(cgroup(7) + text)).get(id)).toMatchObject({ pid: 7, parentPid: 3 });
    expect(parseProcStat('nothing')).toBeNull();
  });
});

describe('what stays out of an archive', () => {
  const file = (path: string, allocatedBytes: number, more: Partial<ListedEntry> = {}) =>
    ({
      path,
      type: 'file',
      allocatedBytes,
      sizeBytes: allocatedBytes,
      inode: path,
      device: '1',
      ...more,
    }) as ListedEntry;

  it('are the largest on disk, hard links together; holes cost nothing', () => {
    const entries = [
      file('a', 60),
      file('b', 50, { inode: 'x' }),
      file('c', 50, { inode: 'x' }),
      file('d', 10),
      file('hole', 0, { sizeBytes: 2 ** 40 }),
    ];
    expect([...chooseLeftOut(entries, 200)]).toEqual([]);
    expect([...chooseLeftOut(entries, 70)]).toEqual(['a']);
    expect([...chooseLeftOut(entries, 20)]).toEqual(['a', 'b', 'c']);
    expect([...chooseLeftOut([file('huge', 0, { sizeBytes: Number.MAX_SAFE_INTEGER })], 1000)]).toEqual(['huge']);
  });

  it('is named by patterns that tar reads as they are meant', () => {
    expect(exclusionList(['a*b', 'c\\d', 'e\nf ', '[g]']).toString()).toBe(
      ['./a\\*b', './c\\\\d', './e?f?', './\\[g\\]', ''].join('\n'),
    );
  });
});

describe('marks of the overlay', () => {
  const marks = (
    type: ListedEntry['type'],
    xattrs: Record<string, string>,
    rdev: { major: number; minor: number } | null = null,
    userXattr: boolean | null = false,
  ) =>
    overlayMarksOf(
      { type, sizeBytes: 0 },
      {
        xattrs: new Map(Object.entries(xattrs).map(([name, value]) => [name, Buffer.from(value)])),
        rdev,
        prefix: markPrefixOf(userXattr),
      },
    );

  it('are told from what looks like them', () => {
    expect(marks('char-device', {}, { major: 0, minor: 0 }).whiteout).toBe('device');
    expect(marks('char-device', {}, { major: 1, minor: 3 }).whiteout).toBeNull();
    expect(marks('block-device', {}, { major: 0, minor: 0 }).whiteout).toBeNull();
    expect(marks('char-device', {}, { major: 1, minor: 0 }).whiteout).toBeNull();
    expect(marks('char-device', {}, { major: 0, minor: 1 }).whiteout).toBeNull();
    expect(marks('file', { 'trusted.overlay.whiteout': '' }).whiteout).toBe('attribute');
    expect(marks('file', { 'trusted.overlay.overlay.whiteout': '' }).whiteout).toBeNull();
    expect(marks('directory', { 'trusted.overlay.opaque': 'y' }).opaque).toBe(true);
    expect(marks('directory', { 'trusted.overlay.opaque': 'x' }).opaque).toBe(false);
    expect(marks('directory', { 'user.overlay.opaque': 'y' }, null, true).opaque).toBe(true);
    expect(marks('directory', { 'trusted.overlay.redirect': '/a/b' }).redirect).toBe('/a/b');
    expect(marks('file', { 'trusted.overlay.metacopy': '' }).metacopy).toBe(true);
  });

  it.each([
    ['user.overlay.', false],
    ['user.overlay.', null],
    ['user.fuseoverlayfs.', false],
    ['user.fuseoverlayfs.', true],
    ['trusted.overlay.', true],
  ])('%s* where the mount keeps none there (userxattr: %s) are nothing', (prefix, userXattr) => {
    const none = { whiteout: null, opaque: false, redirect: null, metacopy: false };
    const all = { [`${prefix}whiteout`]: '', [`${prefix}redirect`]: '/a', [`${prefix}metacopy`]: '' };
    expect(marks('file', all, null, userXattr)).toEqual(none);
    expect(marks('directory', { ...all, [`${prefix}opaque`]: 'y' }, null, userXattr)).toEqual(none);
    const own = new Map(Object.keys(all).map((name) => [name, Buffer.alloc(0)]));
    expect(hasForeignMark(own, markPrefixOf(userXattr))).toBe(prefix.startsWith('user.'));
  });

  it.each(['trusted', 'user'] as const)('%s.overlay.overlay.* are what the container set, on any mount', (space) => {
    const escaped = new Map(
      ['opaque', 'redirect', 'metacopy', 'whiteout'].map((name) => [
        `${space}.overlay.overlay.${name}`,
        Buffer.from('y'),
      ]),
    );
    for (const userXattr of [true, false, null]) {
      const prefix = markPrefixOf(userXattr);
      const read = overlayMarksOf({ type: 'directory', sizeBytes: 0 }, { xattrs: escaped, rdev: null, prefix });
      expect(read).toEqual({ whiteout: null, opaque: false, redirect: null, metacopy: false });
      expect(hasForeignMark(escaped, prefix)).toBe(true);
    }
  });
});

describe('volumes', () => {
  const kubelet = '/var/lib/kubelet/pods/u';
  const host = [
    mountOf('1 0 8:1 / / rw - ext4 /dev/sda rw'),
    mountOf(`2 1 0:70 / ${kubelet}/volumes/kubernetes.io~projected/token rw - tmpfs tmpfs rw`),
  ];
  it.each([
    [
      `9 8 8:1 ${kubelet}/volumes/kubernetes.io~empty-dir/cache /cache rw - ext4 /dev/sda rw`,
      'empty-dir',
      'cache',
      'content',
    ],
    ['9 8 0:70 / /var/run/secrets/token ro - tmpfs tmpfs rw', 'projected', 'token', 'names'],
    ['9 8 0:71 / /dev/shm rw - tmpfs shm rw', 'shm', null, 'content'],
    ['9 8 0:72 / /scratch rw - tmpfs tmpfs rw', 'tmpfs', null, 'content'],
    ['9 8 0:72 / /vault ro - tmpfs tmpfs rw', 'tmpfs', null, 'names'],
    ['9 8 8:1 /var/log /hostlog rw - ext4 /dev/sda rw', 'host-path', null, 'names'],
    [`9 8 8:1 ${kubelet}/volumes/kubernetes.io~csi/pv/mount /data rw - ext4 /dev/sda rw`, 'claim', 'pv', 'names'],
    [`9 8 8:1 ${kubelet}/etc-hosts /etc/hosts rw - ext4 /dev/sda rw`, 'kubelet-file', null, 'none'],
    [`9 8 8:1 ${kubelet}/containers/app/1a2b /dev/termination-log rw - ext4 /dev/sda rw`, 'kubelet-file', null, 'none'],
    ['9 8 0:5 / /proc rw - proc proc rw', 'system', null, 'none'],
    ['9 8 0:6 /null /proc/kcore rw - tmpfs tmpfs rw', 'system', null, 'none'],
  ])('%s', (line, kind, name, policy) => {
    const volume = volumeOf(mountOf(line), host);
    expect(volume).toMatchObject({ kind, name });
    expect(policyOf(volume)).toBe(policy);
  });
});

describe('records', () => {
  it('show names as text where they are text, and as bytes where not', () => {
    expect(namedOf(Buffer.from('/gr\u00fcn').toString('latin1')).path).toBe(String.raw`/gr\xfcn`);
    expect(namedOf('/a\xff').path).toBe(String.raw`/a\xff`);
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const { path, pathB64 } = namedOf(Buffer.from(bytes).toString('latin1'));
        expect(Buffer.from(pathB64, 'base64')).toEqual(Buffer.from(bytes));
        expect(path).toMatch(/^[\x20-\x7e]*$/);
      }),
    );
  });

  it('have times to the nanosecond', () => {
    expect(instantOf(1577934245123456789n)).toBe('2020-01-02T03:04:05.123456789Z');
    expect(instantOf(-1n)).toBe('@-1ns');
    expect(instantOf(10n ** 30n)).toBe(`@${'1'.padEnd(31, '0')}ns`);
  });
});
