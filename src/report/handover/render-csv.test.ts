import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyText } from '../../../test/fakes/any-text.js';
import { renderCsv } from './render-csv.js';
import { visibleText } from './visible-text.js';

/** As RFC 4180 says, and nothing more lenient: quoted cells, doubled quotes, commas, CRLF. */
function parseCsv(text: string): string[][] {
  expect(text.startsWith('\ufeff')).toBe(true);
  const lines = text.slice(1).split('\r\n');
  expect(lines.pop()).toBe('');
  return lines.map((line) => {
    expect(line).toMatch(/^"(?:[^"]|"")*"(?:,"(?:[^"]|"")*")*$/);
    return [...line.matchAll(/"((?:[^"]|"")*)"(?:,|$)/g)].map(([, cell = '']) => cell.replaceAll('""', '"'));
  });
}

describe('a table for a spreadsheet', () => {
  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '  =1', '\uff1d1+1'])('computes nothing of %j', (text) => {
    const [[cell = ''] = []] = parseCsv(renderCsv([[text]]));
    expect(cell).toBe(`'${visibleText(text)}`);
  });

  it('leaves other cells as they are', () => {
    expect(renderCsv([['a', 'say "b", c', '2026-01-02T03:04:05Z', '']])).toBe(
      '\ufeff"a","say ""b"", c","2026-01-02T03:04:05Z",""\r\n',
    );
  });

  it('gives back every cell of every row, without control characters and without formulas', () => {
    const cells = fc.array(anyText, { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(fc.array(cells, { minLength: 1, maxLength: 5 }), (rows) => {
        const parsed = parseCsv(renderCsv(rows));
        expect(parsed.map((row) => row.length)).toEqual(rows.map((row) => row.length));
        for (const [index, row] of rows.entries())
          for (const [column, text] of row.entries()) {
            const cell = parsed[index]?.[column] ?? '';
            expect(cell.replace(/^'/, '')).toBe(visibleText(text).replace(/^'/, ''));
            expect(cell).not.toMatch(/^[ ]*[=+\-@]|[\p{Cc}\u202a-\u202e\u2066-\u2069]/u);
          }
      }),
    );
  });
});
