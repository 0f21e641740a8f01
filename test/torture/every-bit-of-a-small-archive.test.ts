import { generateKeyPairSync } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { gzipOf, packBag, receiptOf, sealedBag } from '../fakes/archive-builder.js';
import { flipBit, verifyBytes } from '../fakes/verify-bytes.js';
import { choices, extentOf } from './extent.js';

/** Bits at once: enough to keep the thread pool busy. */
const AT_ONCE = 8;

const { size, seed } = extentOf<number>('bits turned, of tar and of container', { full: Infinity, sample: 500 });

/** Every bit of so many bytes, or as many as the run is for. */
function bitsOf(sizeBytes: number): number[] {
  const total = sizeBytes * 8;
  if (total <= size) return Array.from({ length: total }, (_, bit) => bit);
  const choose = choices(seed);
  return Array.from({ length: size }, () => choose(total));
}

describe('every single bit of the tar', () => {
  it('is noticed', async () => {
    const key = generateKeyPairSync('ed25519').privateKey;
    const tar = packBag(sealedBag(key));
    const unnoticed: number[] = [];
    const judge = async (bit: number): Promise<void> => {
      const { verdict } = await verifyBytes(gzipOf(flipBit(tar, bit)), key);
      if (verdict !== 'TAMPERED') unnoticed.push(bit);
    };
    const bits = bitsOf(tar.length);
    for (let from = 0; from < bits.length; from += AT_ONCE) {
      await Promise.all(bits.slice(from, from + AT_ONCE).map(judge));
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
    const bits = bitsOf(container.length);
    let otherSpellings = 0;
    for (const bit of bits) {
      const flipped = flipBit(container, bit);
      const { verdict } = await verifyBytes(flipped, key);
      if (verdict === 'TAMPERED') continue;
      // Deflate can say the same in several ways: in a run of zeros, a match one byte or two bytes back is the same bytes.
      expect(verdict, `bit ${String(bit)}`).toBe('VERIFIED');
      expect(gunzipSync(flipped).equals(tar), `bit ${String(bit)}`).toBe(true);
      expect((await verifyBytes(flipped, key, { receipt })).verdict, `bit ${String(bit)}`).toBe('TAMPERED');
      otherSpellings += 1;
    }
    expect(otherSpellings).toBeLessThan(bits.length / 8);
  });
});
