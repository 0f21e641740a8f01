import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NulRows } from './nul-rows.js';

describe('rows of fields that end with NUL', () => {
  it('come back as they were, however they were cut into pieces', () => {
    const anyField = fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes.filter((byte) => byte !== 0)));
    fc.assert(
      fc.property(
        fc.array(fc.tuple(anyField, anyField, anyField), { maxLength: 6 }),
        fc.integer({ min: 1, max: 7 }),
        (rows, piece) => {
          const bytes = Buffer.concat(rows.flat().flatMap((field) => [field, Buffer.from([0])]));
          const seen: string[][] = [];
          const parser = new NulRows(3, (row) => seen.push(row.map((field) => field.toString('latin1'))));
          for (let at = 0; at < bytes.length; at += piece) parser.feed(bytes.subarray(at, at + piece));
          expect(seen).toEqual(rows.map((row) => row.map((field) => field.toString('latin1'))));
          expect(parser.isBetweenRows).toBe(true);
        },
      ),
    );
  });

  it('know a torn end', () => {
    const seen: number[] = [];
    const parser = new NulRows(2, (row) => seen.push(row.length));
    parser.feed(Buffer.from('a\0b\0c\0'));
    expect(seen).toEqual([2]);
    expect(parser.isBetweenRows).toBe(false);
  });

  it('have a field that is too long as an empty one, and those after it, where a length is given', () => {
    const seen: string[][] = [];
    const parser = new NulRows(2, (row) => seen.push(row.map((field) => field.toString('latin1'))), 100);
    const long = 'x'.repeat(101);
    const bytes = Buffer.from(`a\0${long}\0b\0${long.slice(1)}\0c\0\0`);
    for (const byte of bytes) parser.feed(Buffer.from([byte]));
    parser.feed(bytes);
    const rows = [
      ['a', ''],
      ['b', long.slice(1)],
      ['c', ''],
    ];
    expect(seen).toEqual([...rows, ...rows]);
    expect(parser).toMatchObject({ isBroken: false, isBetweenRows: true });
  });

  it('end at a field without an end, instead of holding it all', () => {
    const parser = new NulRows(1, () => undefined);
    for (let at = 0; at < 20; at += 1) parser.feed(Buffer.alloc(65_536, 0x61));
    expect(parser.isBroken).toBe(true);
    const seen: number[] = [];
    const whole = new NulRows(1, ([field]) => void seen.push(field?.length ?? -1));
    whole.feed(Buffer.concat([Buffer.from('a\0'), Buffer.alloc(1_048_577, 0x61), Buffer.from('\0b\0')]));
    expect([whole.isBroken, seen]).toEqual([true, [1]]);
  });
});
