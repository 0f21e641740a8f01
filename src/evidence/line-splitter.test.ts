import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineSplitter } from './line-splitter.js';

describe('LineSplitter', () => {
  it('gives the same lines however the bytes are cut', () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[ab\n]{0,60}$/),
        fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 }),
        (text, cuts) => {
          const lines: string[] = [];
          const splitter = new LineSplitter(1000, (line) => lines.push(line.toString()));
          const bytes = Buffer.from(text);
          for (let at = 0, step = 0; at < bytes.length; step += 1) {
            const size = cuts[step % cuts.length] ?? 1;
            expect(splitter.write(bytes.subarray(at, at + size))).toBe(true);
            at += size;
          }
          expect(lines).toEqual(text.match(/[^\n]*\n/g) ?? []);
          expect(splitter.isWhole).toBe(text === '' || text.endsWith('\n'));
        },
      ),
    );
  });

  it('refuses a line over the limit, ended or not', () => {
    const splitter = (): LineSplitter => new LineSplitter(4, () => undefined);
    expect(splitter().write(Buffer.from('abc\nabc\n'))).toBe(true);
    expect(splitter().write(Buffer.from('abcd\n'))).toBe(false);
    expect(splitter().write(Buffer.from('abcde'))).toBe(false);
    const slow = splitter();
    expect(['a', 'b', 'c', 'd', 'e'].map((letter) => slow.write(Buffer.from(letter)))).toEqual([
      true,
      true,
      true,
      true,
      false,
    ]);
  });
});
