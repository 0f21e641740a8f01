import { describe, expect, it } from 'vitest';
import { suggest } from './suggest.js';

const commands = ['case list', 'collect', 'explain', 'seal', 'verify'];

describe('a suggestion', () => {
  it.each([
    ['colect', 'collect'],
    ['verfiy', 'verify'],
    ['sael', null],
    ['seel', 'seal'],
    ['expl', 'explain'],
    ['case lits', 'case list'],
  ])('for %s is %s', (word, expected) => {
    expect(suggest(word, commands)).toBe(expected);
  });

  it('is not made for what is near to nothing, empty or endless', () => {
    for (const word of ['quarantine', '', 'x'.repeat(100_000)]) expect(suggest(word, commands)).toBeNull();
  });
});
