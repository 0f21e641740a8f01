import { generateKeyPairSync } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { gzipOf, packBag, receiptOf, sealedBag } from '../fakes/archive-builder.js';
import { flipBit, verifyBytes } from '../fakes/verify-bytes.js';

/** Bits at once: enough to keep the thread pool busy. */
const AT_ONCE = 8;

describe('every single bit of the tar', () => {
  it('is noticed', async () => {
    const key = generateKeyPairSync('ed25519').privateKey;
    const tar = packBag(sealedBag(key));
    const unnoticed: number[] = [];
    const judge = async (bit: number): Promise<void> => {
      const { verdict } = await verifyBytes(gzipOf(flipBit(tar, bit)), key);
      if (verdict !== 'TAMPERED') unnoticed.push(bit);
    };
    for (let bit = 0; bit < tar.length * 8; bit += AT_ONCE) {
      await Promise.all(
        Array.from({ length: Math.min(AT_ONCE, tar.length * 8 - bit) }, (_, index) => judge(bit + index)),
      );
    }
    expect(unnoticed).toEqual([]);
  });
});

describe('every single bit of the container', () => {
  it('is noticed with a receipt; without one, only another spelling of the same tar passes', async () => {
    const key = generateKeyPairSync('ed25519').privateKey;
    const bag = sealedBag(key);
    const tar = packBag(bag);
    const container = gzipOf(tar);
    const receipt = receiptOf(bag, container, key);
    let otherSpellings = 0;
    for (let bit = 0; bit < container.length * 8; bit += 1) {
      const flipped = flipBit(container, bit);
      const { verdict } = await verifyBytes(flipped, key);
      if (verdict === 'TAMPERED') continue;
      // Deflate can say the same in several ways: in a run of zeros, a match one byte or two bytes back is the same bytes.
      expect(verdict, `bit ${String(bit)}`).toBe('VERIFIED');
      expect(gunzipSync(flipped).equals(tar), `bit ${String(bit)}`).toBe(true);
      expect((await verifyBytes(flipped, key, { receipt })).verdict, `bit ${String(bit)}`).toBe('TAMPERED');
      otherSpellings += 1;
    }
    expect(otherSpellings).toBeLessThan(container.length);
  });
});
