import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GrepRecords } from './grep-records.js';

function read(end: 'LF' | 'NUL', chunks: readonly Buffer[]) {
  const records: { name: string; content: string; isCut: boolean }[] = [];
  const parser = new GrepRecords(end, ({ name, content, isCut }) => {
    records.push({ name, content: content.toString('latin1'), isCut });
  });
  for (const chunk of chunks) parser.feed(chunk);
  return { records, parser };
}

function inPieces(bytes: Buffer, pieceBytes: number): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += pieceBytes) pieces.push(bytes.subarray(at, at + pieceBytes));
  return pieces;
}

const anyName = fc.stringMatching(/^[0-9]{1,7}\/[a-z_/]{1,12}$/);

describe('what grep prints of many files', () => {
  it.each(['LF', 'NUL'] as const)('comes back as it was, however it was cut into pieces: %s', (end) => {
    const forbidden = end === 'LF' ? 0x0a : 0x00;
    const anyLine = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes.filter((b) => b !== forbidden)));
    fc.assert(
      fc.property(
        fc.array(fc.tuple(anyName, anyLine), { maxLength: 8 }),
        fc.integer({ min: 1, max: 9 }),
        (all, piece) => {
          const bytes = Buffer.concat(
            all.flatMap(([name, line]) => [Buffer.from(`${name}\0`), line, Buffer.from([forbidden])]),
          );
          const { records, parser } = read(end, inPieces(bytes, piece));
          expect(records).toEqual(
            all.map(([name, line]) => ({ name, content: line.toString('latin1'), isCut: false })),
          );
          expect(parser.malformed).toBe(0);
          expect(parser.isBetweenRecords).toBe(true);
        },
      ),
    );
  });

  it('is read as the real grep prints it', () => {
    const folder = mkdtempSync(join(tmpdir(), 'grep-'));
    try {
      writeFileSync(join(folder, 'a'), Buffer.from('one\0two\nthree\xff\n\nlast', 'latin1'));
      writeFileSync(join(folder, 'b'), '');
      writeFileSync(join(folder, 'c'), 'x\n');
      const run = (...flags: string[]) =>
        execFileSync('grep', [...flags, '', 'a', 'b', 'c'], { cwd: folder, env: { ...process.env, LC_ALL: 'C' } });
      const lines = (end: 'LF' | 'NUL', bytes: Buffer) =>
        read(end, [bytes]).records.map(({ name, content }) => [name, content]);
      expect(lines('LF', run('-aHZ'))).toEqual([
        ['a', 'one\0two'],
        ['a', 'three\xff'],
        ['a', ''],
        ['a', 'last'],
        ['c', 'x'],
      ]);
      expect(lines('NUL', run('-aHZz'))).toEqual([
        ['a', 'one'],
        ['a', 'two\nthree\xff\n\nlast'],
        ['c', 'x\n'],
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('cuts a line that has no end, says so, and finds the next one', () => {
    const endless = Array.from({ length: 40 }, () => Buffer.alloc(65_536, 0x61));
    const { records } = read('LF', [Buffer.from('1/x\0'), ...endless, Buffer.from('\n2/x\0y\n')]);
    expect(records.map(({ name, content, isCut }) => [name, content.length, isCut])).toEqual([
      ['1/x', 1024 * 1024, true],
      ['2/x', 1, false],
    ]);
  });

  it('finds its place again after what is not grep, counts it, and knows a torn end', () => {
    const { records, parser } = read('LF', [Buffer.from('rubbish\n1/stat\0line\n2/st')]);
    expect(records).toEqual([{ name: '1/stat', content: 'line', isCut: false }]);
    expect(parser.malformed).toBe(1);
    expect(parser.isBetweenRecords).toBe(false);
  });

  it.each([
    ['LF', '1/environ', '\nmark\0here\n'],
    ['LF', '1/environ\0torn', '\nmark\0here\n'],
    ['LF', '', '\nmark\0here\n'],
    ['NUL', '1/envi', '\0\0\nmark\0here\0'],
    ['NUL', '1/environ\0torn', '\0\0\nmark\0here\0'],
    ['NUL', '', '\0\0\nmark\0here\0'],
  ] as const)('finds a mark behind a torn record: %s %j', (end, torn, mark) => {
    const last = end === 'LF' ? 'x\n' : 'x\0';
    const { records } = read(end, [Buffer.from(`${torn}${mark}2/environ\0${last}`)]);
    expect(records.slice(-2).map(({ name, content }) => [name, content])).toEqual([
      ['mark', 'here'],
      ['2/environ', 'x'],
    ]);
  });

  it('survives anything', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 30 })),
        fc.constantFrom('LF' as const, 'NUL' as const),
        (all, end) => {
          const { records } = read(
            end,
            all.map((bytes) => Buffer.from(bytes)),
          );
          expect(records.every(({ name }) => !name.includes('\n'))).toBe(true);
        },
      ),
    );
  });
});
