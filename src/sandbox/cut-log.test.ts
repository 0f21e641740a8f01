import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cutLog } from './cut-log.js';
import type { LogOptions } from './log-options.js';

const ALL: LogOptions = {
  container: 'c',
  previous: false,
  timestamps: true,
  sinceAt: null,
  tailLines: null,
  limitBytes: null,
};
const line = (second: number, text: string): string => `2026-11-22T03:00:0${second}.123456789Z ${text}`;
const LOG = Buffer.from([line(1, 'one\n'), line(2, 'two words\n'), line(3, 'no end')].join(''));
const cut = (options: Partial<LogOptions>, log = LOG): string => cutLog(log, { ...ALL, ...options }).toString('latin1');

describe('cutLog', () => {
  it('takes the times away', () => {
    expect(cut({ timestamps: false })).toBe('one\ntwo words\nno end');
    expect(cut({})).toBe(LOG.toString('latin1'));
  });

  it('begins at a whole second', () => {
    expect(cut({ timestamps: false, sinceAt: '2026-11-22T03:00:02.000Z' })).toBe('two words\nno end');
    expect(cut({ sinceAt: '2026-11-22T03:00:04.000Z' })).toBe('');
  });

  it('takes the tail, then cuts at the limit', () => {
    expect(cut({ timestamps: false, tailLines: 2, limitBytes: 6 })).toBe('two wo');
    expect(cut({ tailLines: 0 })).toBe('');
    expect(cut({ tailLines: 99 })).toBe(LOG.toString('latin1'));
  });

  it('counts the parts of a long line, as the kubelet does', () => {
    const long = Buffer.from(line(1, `${'x'.repeat(16384)}tail\n`));
    expect(cut({ timestamps: false, tailLines: 1 }, long)).toBe('tail\n');
    expect(cut({ tailLines: 2 }, long)).toBe(long.toString('latin1'));
  });

  it('leaves any recorded bytes as they are when nothing is asked', () => {
    const text = fc
      .uint8Array({ maxLength: 40_000, size: 'max' })
      .map((bytes) => Buffer.from(bytes.filter((byte) => byte !== 0x0a)));
    fc.assert(
      fc.property(fc.array(text, { maxLength: 4 }), (texts) => {
        const log = Buffer.concat(texts.flatMap((bytes) => [Buffer.from(line(1, '')), bytes, Buffer.from('\n')]));
        expect(cutLog(log, ALL).equals(log)).toBe(true);
        const plain = Buffer.concat(texts.flatMap((bytes) => [bytes, Buffer.from('\n')]));
        expect(cutLog(log, { ...ALL, timestamps: false }).equals(plain)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });
});
