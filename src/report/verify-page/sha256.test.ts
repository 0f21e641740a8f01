import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Sha256, sha256Hex } from './sha256.js';

const nodeHex = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

describe('Sha256', () => {
  it('agrees with another implementation on every length around block and padding', () => {
    const bytes = Uint8Array.from({ length: 300 }, (_, index) => index * 7);
    for (let length = 0; length <= bytes.length; length += 1)
      expect(sha256Hex(bytes.subarray(0, length)), String(length)).toBe(nodeHex(bytes.subarray(0, length)));
  });

  it('gives the same for bytes in any pieces, wherever they lie in memory', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 })), fc.nat(9), (pieces, offset) => {
        const hash = new Sha256();
        for (const piece of pieces) {
          const moved = new Uint8Array(offset + piece.length);
          moved.set(piece, offset);
          hash.update(moved.subarray(offset));
        }
        expect(hash.hex()).toBe(nodeHex(Buffer.concat(pieces)));
      }),
    );
  });

  it('goes on in a copy without touching the first', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.uint8Array({ maxLength: 200 }), (before, after) => {
        const first = new Sha256().update(before);
        expect(first.copy().update(after).hex()).toBe(nodeHex(Buffer.concat([before, after])));
        expect(first.hex()).toBe(nodeHex(before));
      }),
    );
  });
});
