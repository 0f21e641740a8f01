import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyText } from '../../../test/fakes/any-text.js';
import { visibleText } from './visible-text.js';

const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]|\p{Default_Ignorable_Code_Point}|(?! )\p{Zs}/u;

describe('text that a person is to read', () => {
  it.each([
    ['M\u00fcller \u6771\u4eac \u05d0', 'M\u00fcller \u6771\u4eac \u05d0'],
    ['a\r\nb\tc', 'a\\r\\nb\\tc'],
    ['\u001b[31m\u0000', '\\x1b[31m\\x00'],
    ['\u202egnp.exe\u2066', '\\u{202e}gnp.exe\\u{2066}'],
    ['zero\u200bwidth\u00adsoft', 'zero\\u{200b}width\\xadsoft'],
    ['\u00a0\u3000\u2028', '\\xa0\\u{3000}\\u{2028}'],
    ['\ud800', '\\u{d800}'],
    ['C:\\x1b', 'C:\\\\x1b'],
    ['\u3164\u115f\u2800', '\\u{3164}\\u{115f}\\u{2800}'],
  ])('%j becomes %j', (text, shown) => {
    expect(visibleText(text)).toBe(shown);
  });

  it('keeps accents on a letter, and no heap of them, and none that would stand on what comes before', () => {
    expect(visibleText('e\u0301\u0302')).toBe('e\u0301\u0302');
    expect(visibleText(`e${'\u0301'.repeat(6)}`)).toBe(`e${'\u0301'.repeat(4)}\\u{301}\\u{301}`);
    expect(visibleText('\u0301e')).toBe('\\u{301}e');
  });

  it('is one line without anything unseen, within its length, and different texts stay different', () => {
    fc.assert(
      fc.property(anyText, anyText, fc.integer({ min: 3, max: 60 }), (one, other, maxLength) => {
        const shown = visibleText(one, maxLength);
        expect(shown).not.toMatch(UNSEEN);
        expect(shown.length).toBeLessThanOrEqual(maxLength);
        if (one !== other) expect(visibleText(one, Infinity)).not.toBe(visibleText(other, Infinity));
      }),
    );
  });

  it('is cut between escapes', () => {
    expect(visibleText('abc\u001bdef', 8)).toBe('abc...');
    expect(visibleText('abcdefgh', 8)).toBe('abcdefgh');
  });
});
