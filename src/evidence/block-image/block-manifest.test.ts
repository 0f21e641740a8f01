import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { blockLine, headLine, ManifestReader, tailLine } from './block-manifest.js';

const HEAD = { source: 'aws:eu-central-1:snap-0123456789abcdef0', sizeBytes: 10 * 512, blockBytes: 512 };
const DIGEST = 'a'.repeat(64);

function read(...lines: string[]): (object | string | null)[] {
  const reader = new ManifestReader();
  return lines.map((line) => reader.take(line.replace(/\n$/, '')));
}

describe('a block manifest', () => {
  it('reads what it writes', () => {
    const indexes = fc.uniqueArray(fc.integer({ min: 0, max: 1_000_000 }), { maxLength: 50 });
    const digest = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString('hex'));
    fc.assert(
      fc.property(indexes, digest, fc.string({ minLength: 1, maxLength: 200 }), (unsorted, sha256, source) => {
        const blocks = unsorted.sort((a, b) => a - b).map((index) => ({ index, sha256 }));
        const head = { source, sizeBytes: 1_000_001 * 512, blockBytes: 512 };
        const reader = new ManifestReader();
        const whole = [
          headLine(head),
          ...blocks.map(blockLine),
          tailLine({ blocks: blocks.length, imageSha256: sha256 }),
        ];
        expect(whole.map((line) => reader.take(line.slice(0, -1)))).toEqual([null, ...blocks, null]);
        expect(reader.tail).toEqual({ blocks: blocks.length, imageSha256: sha256 });
      }),
    );
  });

  it('never throws for what it is given', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(typeof new ManifestReader().take(text)).toBe('string');
      }),
    );
  });

  it.each<[string, string[]]>([
    ['without its first line', [blockLine({ index: 0, sha256: DIGEST })]],
    ['with blocks that no memory holds', [headLine({ ...HEAD, sizeBytes: 2 ** 50, blockBytes: 2 ** 40 })]],
    ['with two first lines', [headLine(HEAD), headLine(HEAD)]],
    [
      'with a block twice',
      [headLine(HEAD), blockLine({ index: 1, sha256: DIGEST }), blockLine({ index: 1, sha256: DIGEST })],
    ],
    ['with a block beyond the image', [headLine(HEAD), blockLine({ index: 10, sha256: DIGEST })]],
    ['that counts wrongly', [headLine(HEAD), tailLine({ blocks: 1, imageSha256: DIGEST })]],
    ['that goes on after its end', [headLine(HEAD), tailLine({ blocks: 0, imageSha256: DIGEST }), headLine(HEAD)]],
    ['with a digest in capitals', [headLine(HEAD), blockLine({ index: 1, sha256: 'A'.repeat(64) })]],
    ['with another spelling of a number', [headLine(HEAD), `{"index":1.0,"sha256":"${DIGEST}"}`]],
  ])('%s is refused at its last line', (_name, lines) => {
    const taken = read(...lines);
    expect(typeof taken.at(-1)).toBe('string');
    expect(taken.slice(0, -1).filter((one) => typeof one === 'string')).toEqual([]);
  });
});
