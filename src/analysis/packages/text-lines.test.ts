import fc from 'fast-check';
import { expect, it } from 'vitest';
import { textLines } from './text-lines.js';

it('are those of the text, of empty ones in a row the first', () => {
  expect([...textLines('a\n\n\n\nb\nc')]).toEqual(['a', '', 'b', 'c']);
  expect([...textLines('\n'.repeat(1_000_000))]).toEqual(['']);
  fc.assert(
    fc.property(fc.array(fc.constantFrom('a', 'bc', '\n')), (parts) => {
      const text = parts.join('');
      const all = text.split('\n').filter((line) => line !== '');
      expect([...textLines(text)].filter((line) => line !== '')).toEqual(all);
    }),
  );
});
