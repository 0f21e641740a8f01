import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { escapeForTerminal } from './terminal-escape.js';

describe('text from elsewhere on a terminal', () => {
  it.each([
    ['plain text: ~!@#', 'plain text: ~!@#'],
    ['\u001b]0;title\u0007', '\\x1b]0;title\\x07'],
    ['a\nb\r\tc', 'a\\nb\\r\\tc'],
    ['C:\\x1b', 'C:\\\\x1b'],
    ['\u202egnp.exe', '\\u{202e}gnp.exe'],
    ['\u{1f600}\ud800', '\\u{1f600}\\u{d800}'],
    ['\u009b2J\u007f', '\\x9b2J\\x7f'],
  ])('%j becomes %j', (text, escaped) => {
    expect(escapeForTerminal(text)).toBe(escaped);
  });

  it('is one line of printable ASCII within the length, and different texts stay different', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.string({ unit: 'binary' }),
        fc.integer({ min: 3, max: 60 }),
        (one, other, maxLength) => {
          expect(escapeForTerminal(one, maxLength)).toMatch(/^[\x20-\x7e]*$/);
          expect(escapeForTerminal(one, maxLength).length).toBeLessThanOrEqual(maxLength);
          if (one !== other) expect(escapeForTerminal(one, 10_000)).not.toBe(escapeForTerminal(other, 10_000));
        },
      ),
    );
  });

  it('is cut between escapes, never inside one', () => {
    expect(escapeForTerminal('abc\u001bdef', 8)).toBe('abc...');
    expect(escapeForTerminal('abcdefgh', 8)).toBe('abcdefgh');
    expect(escapeForTerminal('abcdefghi', 8)).toBe('abcde...');
  });
});
