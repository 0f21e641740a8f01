import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EndMatch } from './end-match.js';
import { KEPT_LINE_BYTES, LineWatch } from './line-watch.js';
import { timePrefixLength } from './time-prefix.js';

const T = '2026-03-04T05:06:07.123456789Z';

const lengthOf = (text: string) => timePrefixLength(Buffer.from(text, 'latin1'), 0, Buffer.byteLength(text, 'latin1'));

function watch(bytes: Buffer, cuts: readonly number[] = []): LineWatch {
  const seen = new LineWatch();
  let from = 0;
  for (const cut of [...cuts.map((one) => one % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]) {
    const chunk = Buffer.from(bytes.subarray(from, cut));
    seen.feed(chunk);
    // The writer owns the chunk afterwards: nothing may be read from it later.
    chunk.fill(0);
    from = cut;
  }
  return seen;
}

const summary = (seen: LineWatch) => {
  const last = seen.finish();
  return {
    last: last && { ...last, head: last.head.toString('latin1') },
    lines: seen.lines,
    untimed: seen.untimedLines,
    run: seen.linesInLastSecond,
    first: seen.firstUntimed?.toString('latin1'),
  };
};

describe('timePrefixLength', () => {
  it.each([
    [`${T} x`, 30],
    ['2026-03-04T05:06:07Z ', 20],
    ['2026-03-04T05:06:07.1+05:30 x', 27],
    ['2026-03-04T05:06:07.123456789-11:00 x', 35],
  ])('knows the time in %j', (text, length) => {
    expect(lengthOf(text)).toBe(length);
  });

  it.each([
    '',
    ' ',
    T,
    `${T}x`,
    ` ${T} x`,
    '2026-03-04 05:06:07Z x',
    '2026-03-04T05:06:07 x',
    '2026-03-04T05:06:07.Z x',
    '2026-03-04T05:06:07.1234567890Z x',
    '2026-03-04T05:06:07+0530 x',
    '2026-3-04T05:06:07Z  x',
    'unable to retrieve container logs for containerd://0123',
    '\u0000026-03-04T05:06:07Z x',
  ])('knows none in %j', (text) => {
    expect(lengthOf(text)).toBe(0);
  });

  it('looks no further than the line', () => {
    expect(timePrefixLength(Buffer.from(`${T} x`), 0, 30)).toBe(0);
  });
});

/** Lines with and without times, bytes of every kind, with few different times so that runs occur. */
const line = fc.oneof(
  fc
    .tuple(fc.constantFrom(T, '2026-03-04T05:06:08Z', '2026-03-04T05:06:07.9+01:00'), fc.string({ maxLength: 20 }))
    .map(([time, text]) => `${time} ${text.replaceAll('\n', '')}`),
  fc.string({ maxLength: 60 }).map((text) => text.replaceAll('\n', '')),
);

describe('LineWatch', () => {
  it('sees the same however the bytes are cut', () => {
    fc.assert(
      fc.property(fc.array(line), fc.boolean(), fc.array(fc.nat(), { maxLength: 8 }), (lines, ended, cuts) => {
        const bytes = Buffer.from(lines.join('\n') + (ended && lines.length > 0 ? '\n' : ''), 'utf8');
        expect(summary(watch(bytes, cuts))).toEqual(summary(watch(bytes)));
      }),
    );
  });

  it('counts as a plain split does', () => {
    fc.assert(
      fc.property(fc.array(line, { minLength: 1 }), fc.array(fc.nat(), { maxLength: 8 }), (lines, cuts) => {
        const seen = watch(Buffer.from(lines.map((one) => `${one}\n`).join(''), 'utf8'), cuts);
        const timed = lines.filter((one) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d) /.test(one));
        const seconds = timed.map((one) => one.slice(0, 19));
        const trailing = [...seconds].reverse().findIndex((second) => second !== seconds.at(-1));
        expect(seen.lines).toBe(lines.length);
        expect(seen.untimedLines).toBe(lines.length - timed.length);
        expect(seen.linesInLastSecond).toBe(trailing === -1 ? seconds.length : trailing);
        expect(seen.finish()?.head.toString('utf8')).toBe(lines.at(-1));
      }),
    );
  });

  it('keeps the beginning and the length of a line without end, not the line', () => {
    const seen = new LineWatch();
    seen.feed(Buffer.from(`${T} `));
    for (let round = 0; round < 64; round += 1) seen.feed(Buffer.alloc(65_536, 'x'));
    expect(seen.sawTime).toBe(true);
    const last = seen.finish();
    expect(last).toMatchObject({ lengthBytes: 31 + 64 * 65_536, ended: false, timeLength: 30 });
    expect(last?.head.length).toBe(KEPT_LINE_BYTES);
  });

  it('says what the first line without a time was', () => {
    const seen = watch(Buffer.from(`${T} fine\nrpc error: code = Unknown\n${T} fine\n`), [40]);
    expect(seen.firstUntimed?.toString()).toBe('rpc error: code = Unknown');
    expect(seen.untimedLines).toBe(1);
  });
});

const DATE_MS = Date.parse('2026-03-04T05:06:10Z');
const at = (second: number, text: string) => `2026-03-04T05:06:${String(second).padStart(2, '0')}.5Z ${text}\n`;

function match(first: string, second: string): { found: boolean; missed: number; newer: number } {
  const seen = watch(Buffer.from(first));
  const last = seen.finish();
  const { found, missed, newer } = matchWith(
    new EndMatch({ last, position: seen.linesInLastSecond, dateMs: DATE_MS }),
    second,
  );
  return { found, missed, newer };
}

function matchWith(end: EndMatch, second: string): EndMatch {
  for (const byte of Buffer.from(second)) end.feed(Buffer.from([byte]));
  end.finish();
  return end;
}

describe('EndMatch', () => {
  it('finds the last line', () => {
    expect(match(at(1, 'a') + at(9, 'b'), at(9, 'b'))).toEqual({ found: true, missed: 0, newer: 0 });
  });

  it('tells what is newer from what was missed', () => {
    expect(match(at(9, 'b'), at(9, 'b') + at(10, 'c') + at(11, 'd'))).toEqual({ found: true, missed: 0, newer: 2 });
    expect(match(at(8, 'b'), at(8, 'b') + at(9, 'lost') + at(11, 'd'))).toEqual({ found: true, missed: 1, newer: 1 });
  });

  it('is not deceived by equal lines of the same instant', () => {
    // Three were written, two were received: the third is missing, though it looks like the second.
    expect(match(at(9, 'x') + at(9, 'x'), at(9, 'x') + at(9, 'x') + at(9, 'x'))).toEqual({
      found: true,
      missed: 1,
      newer: 0,
    });
  });

  it('does not find a line that rotated away, or is another', () => {
    expect(match(at(9, 'b'), at(11, 'c')).found).toBe(false);
    expect(match(at(9, 'b'), at(9, 'bb')).found).toBe(false);
    expect(match(at(9, 'b'), '').found).toBe(false);
  });

  it('compares a line without an end by its whole length', () => {
    const torn = at(9, 'half').trimEnd();
    expect(match(torn, torn).found).toBe(true);
    expect(match(torn, `${torn}\n`).found).toBe(true);
    expect(match(torn, `${torn} and more\n`).found).toBe(false);
    expect(match(`${torn}\n`, torn).found).toBe(false);
  });

  it('counts a sentence of the kubelet as missed', () => {
    expect(match(at(9, 'b'), `${at(9, 'b')}rpc error: code = Unknown`)).toEqual({ found: true, missed: 1, newer: 0 });
  });

  it('after an empty first read anything older than the answer was missed', () => {
    const empty = () => new EndMatch({ last: null, position: 0, dateMs: DATE_MS });
    expect(matchWith(empty(), '')).toMatchObject({ found: true, missed: 0 });
    expect(matchWith(empty(), at(9, 'b') + at(12, 'c'))).toMatchObject({ found: true, missed: 1, newer: 1 });
  });
});
