import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SecondMatch } from './second-match.js';
import { timePrefixLength } from './time-prefix.js';

const SECOND = '2026-03-04T05:06:07';
const TIME = `${SECOND}.123456789Z `;

function startsLine(text: string, more: { known?: string; padding?: number } = {}): boolean {
  const { known = TIME, padding = 0 } = more;
  const match = new SecondMatch();
  match.remember(Buffer.from(known, 'latin1'), 0);
  const bytes = Buffer.from(' '.repeat(padding) + text, 'latin1');
  return match.startsLine(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), padding, bytes.length);
}

describe('SecondMatch', () => {
  it('knows a time of the same second wherever the line begins', () => {
    for (let padding = 0; padding < 9; padding += 1) expect(startsLine(`${TIME}x`, { padding })).toBe(true);
    expect(startsLine(TIME)).toBe(true);
    expect(startsLine(TIME, { known: `${SECOND}Z ` })).toBe(true);
  });

  it('knows nothing before it was told', () => {
    const bytes = Buffer.from(TIME);
    expect(new SecondMatch().startsLine(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0, 31)).toBe(false);
  });

  it('never says yes where one byte is another, unless it is a digit of the fraction', () => {
    for (let at = 0; at < TIME.length; at += 1) {
      for (let byte = 0; byte < 256; byte += 1) {
        const bytes = Buffer.from(TIME, 'latin1');
        bytes[at] = byte;
        const text = bytes.toString('latin1');
        const isTime = text.startsWith(`${SECOND}.`) && /^.{20}\d{9}Z $/s.test(text);
        expect(startsLine(text), JSON.stringify(text)).toBe(isTime);
      }
    }
  });

  it('never says yes to what the slow way does not see as a time of 30 bytes', () => {
    const piece = fc.constantFrom(
      SECOND,
      '.',
      '1',
      '123456789',
      '000000000',
      ':',
      '/',
      'Z',
      ' ',
      '+01:00',
      '2026-03-04T05:06:08',
      '?',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 6 }), (pieces) => {
        const text = pieces.join('');
        const expected = text.startsWith(SECOND) && timePrefixLength(Buffer.from(text), 0, text.length) === 30;
        expect(startsLine(text)).toBe(expected);
      }),
      { numRuns: 2000 },
    );
  });

  it('looks no further than the line', () => {
    const match = new SecondMatch();
    const bytes = Buffer.from(`${TIME}x`);
    match.remember(bytes, 0);
    expect(match.startsLine(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0, 30)).toBe(false);
  });
});
