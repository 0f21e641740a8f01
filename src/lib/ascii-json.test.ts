import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asciiJson, parseAsciiJson } from './ascii-json.js';

/** What JSON.stringify would write for a value, without its spelling: for comparing values. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

const anyValue = fc
  .jsonValue({ maxDepth: 5, noUnicodeString: false })
  .filter((value) => !JSON.stringify(value).includes('\\ud'));

describe('asciiJson', () => {
  it('writes printable ASCII that parses back to the same value, or refuses the value', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        let text: string;
        try {
          text = asciiJson(value);
        } catch (error) {
          expect(error).toBeInstanceOf(TypeError);
          expect(JSON.stringify(value)).toMatch(/\d[.e]|e[+-]?\d|\d{16}/);
          return;
        }
        expect(text).toMatch(/^[\x20-\x7e]*$/);
        expect(plain(JSON.parse(text))).toEqual(plain(value));
        expect(plain(parseAsciiJson(text))).toEqual(plain(value));
      }),
    );
  });

  it('escapes what is not printable ASCII, in lower case', () => {
    expect(asciiJson('\u00e9\u007f\u202e\ud83d\ude00')).toBe('"\\u00e9\\u007f\\u202e\\ud83d\\ude00"');
  });

  it('replaces half a surrogate pair in a string, leaves the text of an escape alone, and refuses it in a key', () => {
    expect(asciiJson({ a: 'x\ud800y' })).toBe('{"a":"x\\ufffdy"}');
    expect(asciiJson('\\ud800')).toBe('"\\\\ud800"');
    expect(() => asciiJson({ 'k\udc00': 1 })).toThrow(TypeError);
  });

  it.each([
    ['a float', 1.5],
    ['2^53', 2 ** 53],
    ['NaN', Number.NaN],
    ['a hole in a list', [undefined]],
    ['a bigint', 1n],
    ['a function', { f: () => 1 }],
    ['no plain object', { at: Object.create({ inherited: 1 }) as unknown }],
    ['undefined', undefined],
  ])('refuses %s', (_what, value) => {
    expect(() => asciiJson(value)).toThrow(TypeError);
  });

  it('refuses what is nested deeper than 32, however deep', () => {
    const nest = (depth: number): unknown => {
      let value: unknown = 1;
      for (let level = 0; level < depth; level += 1) value = [value];
      return value;
    };
    expect(asciiJson(nest(32))).toContain('1');
    expect(() => asciiJson(nest(33))).toThrow(TypeError);
    expect(() => asciiJson(nest(100_000))).toThrow(TypeError);
  });
});

describe('parseAsciiJson', () => {
  it.each([
    ['a duplicate key', '{"a":1,"a":1}'],
    ['a duplicate key spelled differently', '{"a":1,"\\u0061":1}'],
    ['spaces', '{"a": 1}'],
    ['a float that is whole', '1.0'],
    ['an exponent', '1e2'],
    ['minus zero', '-0'],
    ['2^53 + 1', '9007199254740993'],
    ['an escape in upper case', '"\\u00E9"'],
    ['an escape that is not needed', '"\\u0041"'],
    ['an escaped slash', '"\\/"'],
    ['bytes beyond ASCII', '"\u00e9"'],
    ['half a surrogate pair', '"\\ud800"'],
    ['two keys that differ in half a surrogate pair', '{"\\ud800":1,"\\ud801":2}'],
    ['deep nesting', `${'['.repeat(200_000)}${']'.repeat(200_000)}`],
    ['nothing', ''],
    ['two values', '1 2'],
  ])('refuses %s', (_what, line) => {
    expect(parseAsciiJson(line)).toBeUndefined();
  });

  it('takes __proto__ as a key like any other', () => {
    const parsed = parseAsciiJson('{"__proto__":{"a":1}}');
    expect(Object.keys(parsed as object)).toEqual(['__proto__']);
    expect(parseAsciiJson('{"__proto__":1,"__proto__":2}')).toBeUndefined();
  });
});
