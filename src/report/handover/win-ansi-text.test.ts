import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyText } from '../../../test/fakes/any-text.js';
import { visibleText } from './visible-text.js';
import { winAnsiText } from './win-ansi-text.js';

describe('text in the standard fonts of PDF', () => {
  it('keeps what they have and shows the rest by number', () => {
    expect(winAnsiText('M\u00fcller \u201cq\u201d \u20ac \u2022')).toBe('M\u00fcller \u201cq\u201d \u20ac \u2022');
    expect(winAnsiText('\u6771\u4eac \u0141\u00f3d\u017a')).toBe('\\u{6771}\\u{4eac} \\u{141}\u00f3d\\u{17a}');
    expect(winAnsiText('\u{1f600}\u202e\u00ad')).toBe('\\u{1f600}\\u{202e}\\xad');
  });

  it('loses nothing: different texts stay different, and no character is outside the fonts', () => {
    // Latin-1, and what rows 8 and 9 of the code page have instead of its control characters.
    const printable = Array.from({ length: 256 }, (_, byte) => byte).filter((byte) => (byte & 0x7f) >= 0x20);
    const beyond =
      '\u20ac\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\u017d\u2018\u2019\u201c\u201d';
    const further = '\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\u017e\u0178';
    const windows1252 = String.fromCharCode(...printable) + beyond + further;
    fc.assert(
      fc.property(anyText, anyText, (one, other) => {
        for (const character of winAnsiText(one, Infinity)) expect(windows1252).toContain(character);
        if (visibleText(one) !== visibleText(other)) expect(winAnsiText(one)).not.toBe(winAnsiText(other));
      }),
    );
  });
});
