import { describe, expect, it } from 'vitest';
import { nameOfRound } from './read-executables.js';

const rounds = [0, 1, 2, 3, 4, 5, 6, 7];
const names = (count: number) => Array.from({ length: count }, (_, index) => `${String(index + 1)}/exe`);

describe('a file whose process ended before it was opened', () => {
  it('is asked for through each of few others', () => {
    expect(rounds.map((round) => nameOfRound(names(3), round))).toEqual([
      '1/exe',
      '2/exe',
      '3/exe',
      ...rounds.slice(3).map(() => undefined),
    ]);
    expect(rounds.map((round) => nameOfRound(names(8), round))).toEqual(names(8));
  });

  it('is asked for through the first, the last, and some between of many', () => {
    const asked = rounds.map((round) => nameOfRound(names(1000), round));
    expect(new Set(asked).size).toBe(8);
    expect([asked[0], asked.at(-1)]).toEqual(['1/exe', '1000/exe']);
  });
});
