import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shellWord } from './shell-word.js';

describe('a word for the shell', () => {
  it('is what the shell then sees, whatever is in it', () => {
    const word = fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0'));
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 20 }), (words) => {
        const script = `printf '%s\\0' ${words.map(shellWord).join(' ')}`;
        expect(execFileSync('sh', ['-c', script], { encoding: 'utf8' })).toBe(words.map((one) => `${one}\0`).join(''));
      }),
      { numRuns: 30 },
    );
  });

  it('stays as it is where nothing in it is special', () => {
    expect(shellWord('--suspect=shop/cart-7d9f')).toBe('--suspect=shop/cart-7d9f');
  });
});
