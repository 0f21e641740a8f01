import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LineSpill } from './line-spill.js';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'exhibit-spill-'));
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

function readAll(spill: LineSpill): string[] {
  const cursor = spill.cursor();
  const lines: string[] = [];
  for (let line = cursor.next(); line !== null; line = cursor.next()) lines.push(line);
  return lines;
}

describe('LineSpill', () => {
  it.each([
    ['nothing', 0, 1e6],
    ['a few lines', 3, 1e6],
    ['more than a chunk in memory', 20_000, 1e9],
    ['more than fits into memory', 40_000, 300_000],
    ['everything spilled', 40_000, 0],
  ])('gives back %s, twice, and leaves no file', (_what, count, maxMemoryBytes) => {
    const lines = Array.from({ length: count }, (_, index) => `line ${String(index)} ${'x'.repeat(index % 40)}`);
    const spill = new LineSpill({ directory, maxMemoryBytes });
    for (const line of lines) spill.add(line);
    expect(readdirSync(directory)).toEqual([]);
    expect(readAll(spill)).toEqual(lines);
    expect(readAll(spill)).toEqual(lines);
    spill.dispose();
    spill.dispose();
  });

  it('keeps an empty line and refuses one that is longer than a chunk', () => {
    const spill = new LineSpill({ directory, maxMemoryBytes: 0 });
    spill.add('');
    spill.add('a');
    expect(readAll(spill)).toEqual(['', 'a']);
    expect(() => {
      spill.add('x'.repeat(300_000));
    }).toThrow(RangeError);
    spill.dispose();
  });
});
