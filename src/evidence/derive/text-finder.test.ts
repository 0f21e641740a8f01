import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compilePattern, type PatternSource } from './pattern-program.js';
import { TextFinder } from './text-finder.js';

/** What is left of a text, with `_` for each byte that went. */
function masked(source: PatternSource | string, text: string | Buffer, pieceBytes = 1 << 20): string {
  const pattern = typeof source === 'string' ? { match: source } : source;
  const finder = new TextFinder(compilePattern(pattern, 'rule'), 'rule');
  const bytes = Buffer.from(text);
  const left = Buffer.from(bytes);
  let done = 0;
  const take = (): void => {
    expect(finder.decidedBytes).toBeGreaterThanOrEqual(done);
    for (const { start, end } of finder.take(finder.decidedBytes)) {
      expect(start).toBeGreaterThanOrEqual(done);
      left.fill('_', start, end);
    }
    done = finder.decidedBytes;
  };
  for (let from = 0; from < bytes.length; from += pieceBytes) {
    finder.push(bytes.subarray(from, from + pieceBytes));
    take();
  }
  finder.end();
  take();
  expect(done).toBe(bytes.length);
  return left.toString('latin1');
}

/** Every byte that is part of any match, found by trying each beginning and each end. */
function slowly(pattern: RegExp, text: string): string {
  const whole = new RegExp(`^(?:${pattern.source})$`, pattern.flags);
  const goes = new Set<number>();
  for (let start = 0; start < text.length; start += 1)
    for (let end = start + 1; end <= text.length; end += 1)
      if (!text.slice(start, end).includes('\n') && whole.test(text.slice(start, end)))
        for (let at = start; at < end; at += 1) goes.add(at);
  return Array.from(text)
    .map((character, at) => (goes.has(at) ? '_' : character))
    .join('');
}

describe('what a pattern takes out of a text', () => {
  it.each([
    ['password=\\S+', 'a password=hunter2 b', 'a ________________ b'],
    [{ match: '\\S+', after: 'password=' }, 'a password=hunter2 b', 'a password=_______ b'],
    [{ match: '\\S+', after: 'PASSWORD=', ignoreCase: true }, 'PassWord=x', 'PassWord=_'],
    ['ab|b.*c', 'abxxc ab', '_____ __'],
    ['^a+', 'aab\naa\nba', '__b\n__\nba'],
    ['b+$', 'abb\nbba\nb', 'a__\nbba\n_'],
    ['a{2,3}', 'a aa aaa aaaa', 'a __ ___ ____'],
    ['a{2}b?', 'aab aa a', '___ __ a'],
    ['[^a-c]', 'abcd\n', 'abc_\n'],
    [{ match: '[^a-c]', ignoreCase: true }, 'aBCd', 'aBC_'],
    ['a.*b', 'xa--b--b\na', 'x_______\na'],
    ['\\x41\\.', 'A.A', '__A'],
    ['(?:ab)+c', 'ababc abab', '_____ abab'],
    ['é', 'né', 'n__'],
    ['[\\w.-]{1,64}@[\\w.-]{1,64}', 'to joe@example.com now', 'to _______________ now'],
  ])('%j of %j', (pattern, text, left) => {
    expect(masked(pattern, text)).toBe(left);
    expect(masked(pattern, text, 1)).toBe(left);
  });

  it('leaves every other byte as it is, whatever bytes they are', () => {
    const bytes = Buffer.from([0xff, 0xfe, 0x00, 0x61, 0x0a, 0x80, 0x61, 0xc3]);
    expect(masked('a', bytes)).toBe(bytes.toString('latin1').replaceAll('a', '_'));
  });

  it('is the same as trying every beginning and every end, in pieces of any size', () => {
    const atom = fc.constantFrom(
      'a',
      'b',
      'c',
      '.',
      '[ab]',
      '[^b]',
      '(?:a|bc)',
      '(?:ab)+',
      'a*',
      'b?',
      'c{1,2}',
      '(?:a|b)*',
    );
    const pattern = fc.array(atom, { minLength: 1, maxLength: 5 }).map((atoms) => atoms.join(''));
    const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '\n', 'x'), maxLength: 24 });
    fc.assert(
      fc.property(pattern, text, fc.integer({ min: 1, max: 9 }), (source, line, pieceBytes) => {
        fc.pre(!new RegExp(`^(?:${source})$`).test(''));
        expect(masked(source, line, pieceBytes)).toBe(slowly(new RegExp(source), line));
      }),
      { numRuns: 2000 },
    );
  });

  it('goes once over patterns and lines that make others go back without end', () => {
    expect(masked('(?:a+)+b', 'a'.repeat(100_000) + 'c\n', 4096)).not.toContain('_');
    expect(masked('(?:a|a)*(?:a|a)*c', 'a'.repeat(100_000) + 'c', 4096)).toBe('_'.repeat(100_001));
  });

  it('takes a match of any length without holding it', () => {
    const finder = new TextFinder(compilePattern({ match: '\\S+', after: 'key=' }, 'rule'), 'rule');
    finder.push(Buffer.from('key='));
    const piece = Buffer.alloc(1 << 20, 'x');
    for (let count = 1; count <= 8; count += 1) {
      finder.push(piece);
      expect(finder.decidedBytes).toBe(4 + count * piece.length);
    }
    finder.end();
    expect(finder.take(finder.decidedBytes)).toEqual([{ start: 4, end: 4 + 8 * piece.length }]);
  });

  it('refuses to guess when a match does not come to an end, wherever the pieces are cut', () => {
    for (const pieceBytes of [1000, 1 << 22]) {
      expect(() => masked('begin[^!]+!', `begin${'x'.repeat(1 << 20)}`, pieceBytes)).toThrow(
        expect.objectContaining({ code: 'REDACTION_UNDECIDED' }),
      );
    }
    expect(masked('\\w{1,64}@', 'x'.repeat(1 << 20))).not.toContain('_');
  });

  it.each([
    ['a**', 'a quantifier of a quantifier'],
    ['a+?', 'lazy'],
    ['(a', 'a group without its end'],
    ['a)', 'has no place'],
    ['[a', 'ends too early'],
    ['[]', 'nothing fits'],
    ['*a', 'nothing to repeat'],
    ['(?=a)', 'look-around'],
    ['(?<name>a)', 'look-around'],
    ['\\1', 'not known'],
    ['\\bword', 'not known'],
    ['a^b', 'stands at the very beginning'],
    ['\\x0a', 'line feed'],
    ['\\n', 'not known'],
    ['[z-a]', 'a range goes from less to more'],
    ['[é]', 'ASCII'],
    ['a{1001}', 'at most 1000'],
    ['a{3,2}', 'from less to more'],
    ['a{x}', 'is written'],
    ['a*', 'fits nothing at all'],
    ['(?:a{1000}){1000}', 'too large'],
    ['(?:(?:a?){1000}){3}b', 'too large'],
    [`${'('.repeat(40)}a${')'.repeat(40)}`, 'nested too deep'],
    ['\\', 'ends too early'],
  ])('the pattern %j is refused: %s', (match, why) => {
    expect(() => compilePattern({ match }, 'my-rule')).toThrow(
      expect.objectContaining({
        code: 'REDACTION_RULES_INVALID',
        subject: 'my-rule',
        message: expect.stringContaining(why) as string,
      }),
    );
  });

  it('any text is a pattern that works or one that is refused with the reason', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...Array.from('ab01\\[](){}|?*+^$.,-x:<=!né')), maxLength: 20 }),
        (match) => {
          try {
            const program = compilePattern({ match }, 'rule');
            const finder = new TextFinder(program, 'rule');
            finder.push(Buffer.from('aabb01]\n'));
            finder.end();
            expect(finder.decidedBytes).toBe(8);
          } catch (error) {
            expect(error).toMatchObject({ code: 'REDACTION_RULES_INVALID' });
          }
        },
      ),
      { numRuns: 3000 },
    );
  });
});
