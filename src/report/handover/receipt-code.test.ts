import { describe, expect, it } from 'vitest';
import { handoverFacts } from '../../../test/fakes/handover-facts.js';
import { receiptCode, svgPathOf } from './receipt-code.js';

/** Dark modules as a grid, without the quiet zone. */
function gridOf(text: string): boolean[][] {
  const { size, runs } = receiptCode(text);
  const side = size - 8;
  const grid = Array.from({ length: side }, () => Array.from({ length: side }, () => false));
  for (const { x, y, length } of runs)
    for (let at = x; at < x + length; at += 1) {
      const row = grid[y - 4];
      if (row === undefined || at - 4 >= side) throw new Error('a module in the quiet zone');
      row[at - 4] = true;
    }
  return grid;
}

describe('the code of a receipt', () => {
  it('has the three finders and the timing pattern of ISO/IEC 18004', () => {
    const grid = gridOf(handoverFacts().receipt?.text ?? '');
    const side = grid.length;
    expect((side - 17) % 4).toBe(0);
    const finder = ['1111111', '1000001', '1011101', '1011101', '1011101', '1000001', '1111111'];
    const corner = (x: number, y: number): string[] =>
      finder.map((_, row) =>
        (grid[y + row] ?? [])
          .slice(x, x + 7)
          .map(Number)
          .join(''),
      );
    expect([corner(0, 0), corner(side - 7, 0), corner(0, side - 7)]).toEqual([finder, finder, finder]);
    for (let at = 8; at < side - 8; at += 1) expect(grid[6]?.[at]).toBe(at % 2 === 0);
  });

  it('fits a receipt of 1 KiB, and its path has one piece for each run', () => {
    const code = receiptCode('x'.repeat(1024));
    expect(code.size).toBeLessThanOrEqual(177 + 8);
    expect(svgPathOf(code).match(/M/g)?.length).toBe(code.runs.length);
  });
});
