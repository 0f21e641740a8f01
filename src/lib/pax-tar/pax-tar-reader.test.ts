import { execFileSync, spawnSync } from 'node:child_process';
import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeSync,
  closeSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PaxTarReader } from './pax-tar-reader.js';
import type { PaxEntry } from './pax-entry.js';
import { TarFormatError } from './tar-format-error.js';

interface Member {
  readonly entry: PaxEntry;
  readonly pieces: readonly { readonly offset: number; readonly text: string }[];
}

/** Reads an archive in chunks of `step` bytes; pieces that touch are joined, so that the chunking does not show. */
function read(archive: Buffer, step = archive.length): Member[] {
  const reader = new PaxTarReader();
  const members: { entry: PaxEntry; pieces: { offset: number; text: string }[] }[] = [];
  for (let at = 0; at < archive.length; at += step) {
    for (const event of reader.feed(archive.subarray(at, at + step))) {
      if (event.kind === 'entry') members.push({ entry: event.entry, pieces: [] });
      if (event.kind !== 'data') continue;
      const pieces = members.at(-1)!.pieces;
      const last = pieces.at(-1);
      const text = event.bytes.toString('latin1');
      if (last !== undefined && last.offset + last.text.length === event.offset) last.text += text;
      else pieces.push({ offset: event.offset, text });
    }
  }
  reader.end();
  return members;
}

const nameOf = ({ entry }: Member): string => entry.name.toString('latin1');

function refusal(archive: Buffer, step?: number): string {
  try {
    read(archive, step);
  } catch (error) {
    if (error instanceof TarFormatError) return error.reason;
    throw error;
  }
  return 'accepted';
}

/** A header block made by hand, with a checksum that fits. */
function header(fields: { name?: string; size?: string; type?: string; magic?: string }): Buffer {
  const block = Buffer.alloc(512);
  block.write(fields.name ?? 'a', 0, 'latin1');
  block.write('0000644\0', 100, 'latin1');
  block.write('0000000\0', 108, 'latin1');
  block.write('0000000\0', 116, 'latin1');
  block.write(fields.size ?? '00000000000\0', 124, 'latin1');
  block.write('00000000000\0', 136, 'latin1');
  block.write(fields.type ?? '0', 156, 'latin1');
  block.write(fields.magic ?? 'ustar\x0000', 257, 'latin1');
  block.write('        ', 148, 'latin1');
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

const octal = (value: number): string => `${value.toString(8).padStart(11, '0')}\0`;
const padded = (text: string): Buffer => {
  const bytes = Buffer.from(text, 'latin1');
  return Buffer.concat([bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)]);
};
const record = (keyword: string, value: string): string => {
  const body = ` ${keyword}=${value}\n`;
  let length = body.length + 1;
  while (String(length).length + body.length !== length) length = String(length).length + body.length;
  return `${length}${body}`;
};
const extended = (...records: string[]): Buffer => {
  const body = records.join('');
  return Buffer.concat([header({ name: 'pax', type: 'x', size: octal(body.length) }), padded(body)]);
};
const END = Buffer.alloc(1024);

describe('what GNU tar writes', () => {
  let folder: string;
  const longName = `long-${'n'.repeat(250)}`;
  const tar = (...args: string[]): Buffer =>
    execFileSync('tar', ['-C', folder, '-cf', '-', '--numeric-owner', '--sort=name', ...args, '.'], {
      maxBuffer: 64 * 1024 * 1024,
    });

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'exhibit-pax-'));
    writeFileSync(join(folder, 'plain'), 'x'.repeat(1000));
    writeFileSync(join(folder, 'empty'), '');
    writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), Buffer.from('bad\xff\nname', 'latin1')]), 'bytes');
    writeFileSync(join(folder, longName), 'long');
    symlinkSync('/etc/shadow', join(folder, 'link'));
    symlinkSync(`/${'t'.repeat(300)}`, join(folder, 'long-link'));
    writeFileSync(join(folder, 'z-hard-1'), 'shared');
    linkSync(join(folder, 'z-hard-1'), join(folder, 'z-hard-2'));
    mkdirSync(join(folder, 'deep', 'd'.repeat(200)), { recursive: true });
    writeFileSync(join(folder, 'deep', 'd'.repeat(200), 'f'.repeat(200)), 'deep');
    spawnSync('mkfifo', [join(folder, 'fifo')]);
    const sparse = openSync(join(folder, 'sparse'), 'w');
    for (let index = 0; index < 40; index += 1) writeSync(sparse, 'DATA', index * 1_048_576);
    closeSync(sparse);
    truncateSync(join(folder, 'sparse'), 1024 ** 4);
    utimesSync(join(folder, 'plain'), 1.5, 1_700_000_000.25);
  });

  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it.each([
    ['pax', '--format=pax', '--sparse', '--sparse-version=1.0'],
    ['pax with a map in one record', '--format=pax', '--sparse', '--sparse-version=0.1'],
    ['pax with a map in many records', '--format=pax', '--sparse', '--sparse-version=0.0'],
    ["GNU's own", '--format=gnu', '--sparse'],
  ])('%s is read as it was written, however it is cut', (_name, ...args) => {
    const archive = tar(...args);
    const members = read(archive);
    const find = (name: string): Member => members.find((one) => nameOf(one) === `./${name}`)!;
    const names = execFileSync('tar', ['-tf', '-', '--quoting-style=literal', '--null'], { input: archive })
      .toString('latin1')
      .split('\n')
      .filter((line) => line !== '');
    expect(members.map(nameOf).join('\n')).toBe(names.join('\n'));
    expect(find('plain').pieces).toEqual([{ offset: 0, text: 'x'.repeat(1000) }]);
    expect(find('empty').pieces).toEqual([]);
    expect(find('bad\xff\nname').pieces[0]?.text).toBe('bytes');
    expect(find(longName).pieces[0]?.text).toBe('long');
    expect(find(`deep/${'d'.repeat(200)}/${'f'.repeat(200)}`).pieces[0]?.text).toBe('deep');
    expect(find('link').entry).toMatchObject({ type: 'symbolic-link', linkName: Buffer.from('/etc/shadow') });
    expect(find('long-link').entry.linkName.toString()).toBe(`/${'t'.repeat(300)}`);
    expect(find('z-hard-2').entry).toMatchObject({ type: 'hard-link', linkName: Buffer.from('./z-hard-1') });
    expect(find('fifo').entry.type).toBe('fifo');
    expect(find('sparse').entry.sizeBytes).toBe(1024 ** 4);
    expect(find('sparse').pieces.map(({ offset, text }) => [offset, text.slice(0, 4)])).toEqual(
      Array.from({ length: 40 }, (_, index) => [index * 1_048_576, 'DATA']),
    );
    for (const step of [1, 7, 511, 512, 513, 10_240]) expect(read(archive, step)).toEqual(members);
  });

  it('tells times to the nanosecond and where the content stands', () => {
    const archive = tar('--format=pax', '--sparse');
    const { entry } = read(archive).find((one) => nameOf(one) === './plain')!;
    expect(entry).toMatchObject({ mtimeNs: 1_700_000_000_250_000_000n, sizeBytes: 1000 });
    expect(entry.atimeNs).not.toBeNull();
    expect(archive.toString('latin1', entry.contentAt, entry.contentAt + 1000)).toBe('x'.repeat(1000));
  });

  it('cut anywhere it is told from a whole one', () => {
    const archive = tar('--format=pax', '--sparse');
    for (let at = 0; at <= archive.length - 10_240; at += 512) {
      expect(refusal(archive.subarray(0, at))).toBe('truncated');
    }
  });
});

describe('extended attributes and records', () => {
  it('are bytes, their names unescaped', () => {
    const value = '\x01\x00\n=\xff';
    const archive = Buffer.concat([
      extended(record('SCHILY.xattr.trusted.overlay.opaque', 'y'), record('SCHILY.xattr.user.a%3Db%25', value)),
      header({}),
      END,
    ]);
    const [member] = read(archive, 3);
    expect([...member!.entry.xattrs]).toEqual([
      ['trusted.overlay.opaque', Buffer.from('y')],
      ['user.a=b%', Buffer.from(value, 'latin1')],
    ]);
  });

  it('of the whole archive hold for each member, and the own ones before them', () => {
    const body = record('mtime', '5.000000001');
    const archive = Buffer.concat([
      header({ type: 'g', size: octal(body.length) }),
      padded(body),
      header({ name: 'one' }),
      extended(record('mtime', '-6.5')),
      header({ name: 'two' }),
      END,
    ]);
    expect(read(archive).map(({ entry }) => entry.mtimeNs)).toEqual([5_000_000_001n, -6_500_000_000n]);
    expect(read(Buffer.concat([header({ type: 'g', size: octal(body.length) }), padded(body), END]))).toEqual([]);
  });

  it('may say a size beyond eight gigabytes, as base-256 may', () => {
    const size = 9 * 1024 ** 3;
    const field = Buffer.alloc(12);
    field[0] = 0x80;
    field.writeBigUInt64BE(BigInt(size), 4);
    const inRecord = Buffer.concat([extended(record('size', String(size))), header({})]);
    for (const head of [inRecord, header({ size: field.toString('latin1') })]) {
      const events = [...new PaxTarReader().feed(head)];
      expect(events[0]).toMatchObject({ kind: 'entry', entry: { sizeBytes: size } });
    }
  });
});

describe('what is no tar', () => {
  const damaged = (block: Buffer): Buffer => {
    block.write('b', 0);
    return block;
  };

  const sparse = (map: string, realSize: string, stored: number): Buffer =>
    Buffer.concat([
      extended(record('GNU.sparse.map', map), record('GNU.sparse.size', realSize)),
      header({ size: octal(stored) }),
      padded('x'.repeat(stored)),
      END,
    ]);

  it.each([512, 100_000])(
    'leaves out a member with too large a header, reads on, and says so: in pieces of %d',
    (step) => {
      const huge = record('SCHILY.xattr.user.x', 'v'.repeat(5 * 1024 * 1024));
      const inner = Buffer.concat([header({ name: 'forged' }), END]);
      const archive = Buffer.concat([
        header({ name: 'before' }),
        // Its size stands in the records alone, and its content looks like members.
        extended(record('size', '9'), huge, record('size', String(inner.length))),
        header({ name: 'huge' }),
        inner,
        header({ type: 'L', size: octal(5 * 1024 * 1024) }),
        Buffer.alloc(5 * 1024 * 1024, 0x6e),
        header({ name: 'long', size: octal(3) }),
        padded('abc'),
        header({ name: 'after', size: octal(2) }),
        padded('ok'),
        END,
      ]);
      const names: string[] = [];
      const reader = new PaxTarReader();
      for (let at = 0; at < archive.length; at += step)
        for (const event of reader.feed(archive.subarray(at, at + step)))
          if (event.kind === 'entry') names.push(event.entry.name.toString());
      expect(names).toEqual(['before', 'after']);
      expect(() => {
        reader.end();
      }).toThrow(expect.objectContaining({ reason: 'extension-too-large' }));
    },
  );

  it.each<[string, Buffer]>([
    ['bad-checksum', damaged(header({}))],
    ['no-number', Buffer.alloc(512, 0x41)],
    ['truncated', Buffer.alloc(512)],
    ['lone-zero-block', Buffer.concat([Buffer.alloc(512), header({})])],
    ['bytes-after-end', Buffer.concat([END, Buffer.from('x')])],
    ['extension-too-large', header({ type: 'g', size: octal(5 * 1024 * 1024) })],
    ['extension-without-member', Buffer.concat([extended(record('a', 'b')), END])],
    ['too-many-extensions', Buffer.concat(Array.from({ length: 17 }, () => extended(record('a', 'b'))))],
    ['bad-pax-record', Buffer.concat([extended('9 a=b\n'), header({}), END])],
    ['bad-pax-record', Buffer.concat([extended('6 aab\n'), header({}), END])],
    ['bad-pax-record', Buffer.concat([extended('999999999 a=b\n'), header({}), END])],
    ['no-number', Buffer.concat([extended(record('size', '1e3')), header({}), END])],
    ['no-number', Buffer.concat([extended(record('mtime', 'now')), header({}), END])],
    ['no-number', header({ size: '9'.repeat(11) })],
    ['number-too-large', header({ size: '\x80'.padEnd(12, '\xff') })],
    ['negative-size', header({ size: '\xff'.repeat(12) })],
    ['bad-sparse-map', sparse('0,4,2,4', '100', 8)],
    ['bad-sparse-map', sparse('0,4,200,4', '100', 8)],
    ['bad-sparse-map', sparse('0,4', '100', 8)],
    ['bad-sparse-map', sparse('0,4,8', '100', 8)],
    ['no-number', sparse('0,x', '100', 8)],
    ['accepted', sparse('0,4,50,4,100,0', '100', 8)],
  ])('is refused: %s', (reason, archive) => {
    expect(refusal(archive)).toBe(reason);
    expect(refusal(archive, 100)).toBe(reason);
  });

  it('never throws anything else, whatever the bytes', () => {
    const good = Buffer.concat([
      extended(record('GNU.sparse.major', '1'), record('GNU.sparse.realsize', '5000'), record('path', 'p')),
      header({ size: octal(516) }),
      padded('1\n0\n4\n'),
      padded('abcd'),
      header({ type: 'L', size: octal(3) }),
      padded('abc'),
      header({ type: 'S', magic: 'ustar  \0' }),
      END,
    ]);
    expect(refusal(good)).toBe('accepted');
    const change = fc.record({ at: fc.nat(good.length - 1), byte: fc.nat(255) });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 6 }), fc.integer({ min: 1, max: 2000 }), (changes, step) => {
        const archive = Buffer.from(good);
        for (const { at, byte } of changes) archive[at] = byte;
        // With a checksum that fits again, so that what lies behind it is reached.
        for (let at = 0; at < archive.length; at += 512) {
          if (archive.toString('latin1', at + 257, at + 262) !== 'ustar') continue;
          archive.write('        ', at + 148, 'latin1');
          const sum = archive.subarray(at, at + 512).reduce((total, byte) => total + byte, 0);
          archive.write(`${sum.toString(8).padStart(6, '0')}\0 `, at + 148, 'latin1');
        }
        expect(refusal(archive, step)).toBe(refusal(archive));
      }),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3000 }), (bytes) => {
        expect(refusal(Buffer.from(bytes))).not.toBe('');
      }),
    );
  });
});
