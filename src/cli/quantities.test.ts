import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseBytes, parseDurationMs, renderBytes, renderDuration } from './quantities.js';

const usage = expect.objectContaining({ code: 'USAGE_INVALID', exitCode: 2 }) as Error;

describe('durations', () => {
  it.each([
    ['90s', 90_000],
    ['15m', 900_000],
    ['1h30m', 5_400_000],
    ['2d', 172_800_000],
    ['250ms', 250],
    ['0s', 0],
  ])('%s is %i ms', (text, ms) => {
    expect(parseDurationMs(text)).toBe(ms);
  });

  it.each(['', '5', 's', '-1s', '1.5h', '1h 30m', '1w', '99999999999s', 'h1'])('%j is refused', (text) => {
    expect(() => parseDurationMs(text)).toThrow(usage);
  });

  it.each([
    [850, '850 ms'],
    [12_340, '12.3 s'],
    [245_000, '4 m 05 s'],
    [7_620_000, '2 h 07 m'],
  ])('%i ms reads as %s', (ms, text) => {
    expect(renderDuration(ms)).toBe(text);
  });
});

describe('sizes', () => {
  it.each([
    ['500', 500],
    ['64k', 64_000],
    ['10Mi', 10_485_760],
    ['2G', 2_000_000_000],
  ])('%s is %i bytes', (text, sizeBytes) => {
    expect(parseBytes(text)).toBe(sizeBytes);
  });

  it.each(['', 'Mi', '-1', '1.5Gi', '10mi', '10 Mi', '9007199254740992', '999999999999Ti'])('%j is refused', (text) => {
    expect(() => parseBytes(text)).toThrow(usage);
  });

  it('reads as at most nine characters, whatever the number', () => {
    fc.assert(
      fc.property(fc.nat({ max: 2 ** 50 }), (sizeBytes) => {
        expect(renderBytes(sizeBytes)).toMatch(/^\d{1,4}(\.\d)? (B|KiB|MiB|GiB|TiB)$/);
      }),
    );
  });
});

describe('every text', () => {
  it('is a quantity or a usage error, never anything else', () => {
    fc.assert(
      fc.property(fc.string(), fc.constantFrom(parseBytes, parseDurationMs), (text, parse) => {
        try {
          expect(Number.isSafeInteger(parse(text))).toBe(true);
        } catch (error) {
          expect(error).toEqual(usage);
        }
      }),
    );
  });
});
