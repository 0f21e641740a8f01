import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  lastlogRecordBytes,
  parseLastlogRecord,
  parseUtmpRecord,
  UTMP_SAMPLE_BYTES,
  utmpLayoutOf,
  type UtmpLayout,
} from './utmp.js';

/** Written field by field after bits/utmp.h of glibc, for either width of time. */
function login(recordBytes: 384 | 400, seconds = 1_700_000_000, isBigEndian = false): Buffer {
  const record = Buffer.alloc(recordBytes);
  const i16 = (value: number, at: number) =>
    isBigEndian ? record.writeInt16BE(value, at) : record.writeInt16LE(value, at);
  const i32 = (value: number, at: number) =>
    isBigEndian ? record.writeInt32BE(value, at) : record.writeInt32LE(value, at);
  const i64 = (value: number, at: number) =>
    isBigEndian ? record.writeBigInt64BE(BigInt(value), at) : record.writeBigInt64LE(BigInt(value), at);
  i16(7, 0);
  i32(4242, 4);
  record.write('pts/0', 8);
  record.write('ts/0', 40);
  record.write('mallory', 44);
  record.write('203.0.113.9', 76);
  i16(1, 332);
  i16(2, 334);
  if (recordBytes === 384) {
    i32(77, 336);
    i32(seconds, 340);
    i32(123_456, 344);
  } else {
    i64(77, 336);
    i64(seconds, 344);
    i64(123_456, 352);
  }
  record.set([203, 0, 113, 9], recordBytes === 384 ? 348 : 360);
  return record;
}

const LOGIN = {
  type: 7,
  pid: 4242,
  line: Buffer.from('pts/0'),
  id: Buffer.from('ts/0'),
  user: Buffer.from('mallory'),
  host: Buffer.from('203.0.113.9'),
  exitTermination: 1,
  exitStatus: 2,
  session: 77,
  seconds: 1_700_000_000,
  microseconds: 123_456,
  address: '203.0.113.9',
};

describe('records of logins', () => {
  it.each<[string, UtmpLayout]>([
    ['x86-64', { recordBytes: 384, isBigEndian: false }],
    ['aarch64', { recordBytes: 400, isBigEndian: false }],
    ['s390x', { recordBytes: 400, isBigEndian: true }],
  ])('of %s', (_machine, layout) => {
    expect(parseUtmpRecord(login(layout.recordBytes, undefined, layout.isBigEndian), layout)).toEqual(LOGIN);
  });

  it('have times after 2038 where these are 64 bits wide', () => {
    expect(parseUtmpRecord(login(400, 4_000_000_000), { recordBytes: 400, isBigEndian: false }).seconds).toBe(4e9);
  });

  it('have addresses of either family, or none', () => {
    const record = login(384);
    record.fill(0, 348, 364);
    const layout: UtmpLayout = { recordBytes: 384, isBigEndian: false };
    expect(parseUtmpRecord(record, layout).address).toBe('');
    record.set([0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], 348);
    expect(parseUtmpRecord(record, layout).address).toBe('2001:db8:0:0:0:0:0:1');
  });

  it('are told apart by the size, the machine, and the bytes themselves, in this order', () => {
    const none = Buffer.alloc(0);
    expect(utmpLayoutOf(384 * 3, 'aarch64', none).recordBytes).toBe(384);
    expect(utmpLayoutOf(400 * 3, 'x86_64', none).recordBytes).toBe(400);
    expect(utmpLayoutOf(9600, 'aarch64', none).recordBytes).toBe(400);
    expect(utmpLayoutOf(9600, 'x86_64', none).recordBytes).toBe(384);
    expect(utmpLayoutOf(9600 + 10, 's390x', none)).toEqual({ recordBytes: 400, isBigEndian: true });
    for (const recordBytes of [384, 400] as const) {
      const sample = Buffer.concat(Array.from({ length: UTMP_SAMPLE_BYTES / recordBytes }, () => login(recordBytes)));
      expect(utmpLayoutOf(9600, null, sample).recordBytes).toBe(recordBytes);
    }
  });

  it('are read from any bytes without failing', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 400, maxLength: 400 }),
        fc.constantFrom(384, 400),
        fc.boolean(),
        (bytes, size, big) => {
          const record = parseUtmpRecord(Buffer.from(bytes), { recordBytes: size, isBigEndian: big });
          expect(Number.isSafeInteger(record.seconds)).toBe(true);
          expect(record.user.length).toBeLessThanOrEqual(32);
        },
      ),
    );
  });
});

describe('lastlog', () => {
  it('has one record for each user id, in either width', () => {
    const narrow = Buffer.alloc(292);
    narrow.writeInt32LE(1_700_000_000, 0);
    narrow.write('pts/3', 4);
    narrow.write('198.51.100.7', 36);
    const wide = Buffer.alloc(296);
    wide.writeBigInt64LE(1_700_000_000n, 0);
    wide.write('pts/3', 8);
    wide.write('198.51.100.7', 40);
    const expected = { seconds: 1_700_000_000, line: Buffer.from('pts/3'), host: Buffer.from('198.51.100.7') };
    expect(parseLastlogRecord(narrow, false)).toEqual(expected);
    expect(parseLastlogRecord(wide, false)).toEqual(expected);
    expect(parseLastlogRecord(Buffer.alloc(292), false)).toBeNull();
  });

  it('is told by its size, else by the machine', () => {
    expect(lastlogRecordBytes(292 * 7, 'aarch64')).toBe(292);
    expect(lastlogRecordBytes(296 * 7, null)).toBe(296);
    expect(lastlogRecordBytes(292 * 296, 'aarch64')).toBe(296);
    expect(lastlogRecordBytes(1, null)).toBe(292);
  });
});
