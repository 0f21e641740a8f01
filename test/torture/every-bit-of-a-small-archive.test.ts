import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { gzipOf, packBag, sealedBag } from '../fakes/archive-builder.js';
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
  it('is noticed, or changes nothing but padding between deflate blocks and leaves the tar as it was', async () => {
    const key = generateKeyPairSync('ed25519').privateKey;
    const container = gzipOf(packBag(sealedBag(key)));
    let harmless = 0;
    for (let bit = 0; bit < container.length * 8; bit += 1) {
      const { verdict } = await verifyBytes(flipBit(container, bit), key);
      if (verdict === 'VERIFIED') harmless += 1;
      else expect(verdict, `bit ${String(bit)}`).toBe('TAMPERED');
    }
    // At most the padding of the stream's last byte: the builder makes one stream without flushes.
    expect(harmless).toBeLessThan(8);
  });
});
