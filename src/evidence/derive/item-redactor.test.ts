import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ItemRedactor, type Redaction, type RuleFinder } from './item-redactor.js';
import { JsonFinder } from './json-finder.js';
import { compilePattern } from './pattern-program.js';
import { TextFinder } from './text-finder.js';

const text = (rule: string, match: string): RuleFinder => ({
  rule,
  isJson: false,
  finder: new TextFinder(compilePattern({ match }, rule), rule),
});
const json = (rule: string, key: string): RuleFinder => ({
  rule,
  isJson: true,
  finder: new JsonFinder({ keys: [key] }),
});

let salts = 0;

function redact(
  finders: readonly RuleFinder[],
  bytes: Buffer,
  pieceBytes = 1 << 20,
): { copy: Buffer; redactions: Redaction[] } {
  const kept: Buffer[] = [];
  const redactions: Redaction[] = [];
  const redactor = new ItemRedactor({
    finders,
    newSalt: () => Buffer.alloc(32, (salts += 1)),
    onBytes: (piece) => kept.push(Buffer.from(piece)),
    onRedaction: (redaction) => redactions.push(redaction),
  });
  for (let from = 0; from < bytes.length; from += pieceBytes) redactor.push(bytes.subarray(from, from + pieceBytes));
  redactor.end();
  return { copy: Buffer.concat(kept), redactions };
}

/** Puts back what went. */
function restored(copy: Buffer, redactions: readonly Redaction[], original: Buffer, marker = '[redacted]'): Buffer {
  const pieces: Buffer[] = [];
  let [inCopy, inOriginal] = [0, 0];
  for (const { offset, lengthBytes } of redactions) {
    const keptBytes = offset - inOriginal;
    pieces.push(copy.subarray(inCopy, inCopy + keptBytes));
    inCopy += keptBytes;
    expect(copy.toString('latin1', inCopy, inCopy + marker.length)).toBe(marker);
    inCopy += marker.length;
    pieces.push(original.subarray(offset, offset + lengthBytes));
    inOriginal = offset + lengthBytes;
  }
  return Buffer.concat([...pieces, copy.subarray(inCopy)]);
}

describe('the redaction of one file', () => {
  it('joins what touches or overlaps into one redaction of all its rules', () => {
    const bytes = Buffer.from('..aabbcc..');
    const { copy, redactions } = redact([text('one', 'aab'), text('two', 'bc'), text('three', 'c+')], bytes);
    expect(copy.toString()).toBe('..[redacted]..');
    expect(redactions).toMatchObject([{ offset: 2, lengthBytes: 6, rules: ['one', 'three', 'two'] }]);
  });

  it('leaves JSON that is still JSON', () => {
    const { copy } = redact([json('pin', 'pin'), text('digits', '[0-9]{2,}')], Buffer.from('{"pin":1234,"x":"a12"}'));
    expect(JSON.parse(copy.toString())).toEqual({ pin: '[redacted]', x: 'a[redacted]' });
  });

  it('keeps every byte that no rule finds and commits to every byte that one finds, in pieces of any size', () => {
    const bytes = fc
      .array(fc.constantFrom(0x61, 0x62, 0x0a, 0xff, 0x00), { maxLength: 60 })
      .map((list) => Buffer.from(list));
    fc.assert(
      fc.property(bytes, fc.integer({ min: 1, max: 20 }), (original, pieceBytes) => {
        const { copy, redactions } = redact([text('one', 'a+b?'), text('two', 'b{2}')], original, pieceBytes);
        expect(restored(copy, redactions, original).equals(original)).toBe(true);
        for (const { offset, lengthBytes, salt, sha256, saltedSha256 } of redactions) {
          const went = original.subarray(offset, offset + lengthBytes);
          expect(createHash('sha256').update(went).digest('hex')).toBe(sha256);
          expect(createHash('sha256').update(salt).update(went).digest('hex')).toBe(saltedSha256);
        }
        const whole = redact([text('one', 'a+b?'), text('two', 'b{2}')], original);
        expect(copy.equals(whole.copy)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it('holds little of a line of any length', () => {
    const finders = [text('keys', 'key=[^&]{8}'), text('mail', '\\w{1,64}@x')];
    let keptBytes = 0;
    let largest = 0;
    const redactor = new ItemRedactor({
      finders,
      newSalt: () => Buffer.alloc(32),
      onBytes: (piece) => {
        keptBytes += piece.length;
        largest = Math.max(largest, piece.length);
      },
      onRedaction: () => undefined,
    });
    const piece = Buffer.alloc(64 * 1024, 'x');
    for (let count = 1; count <= 16; count += 1) {
      redactor.push(piece);
      expect(count * piece.length - keptBytes).toBeLessThanOrEqual(64);
    }
    redactor.end();
    expect([keptBytes, largest]).toEqual([16 * piece.length, piece.length]);
  });
});
