import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { gzipOf, packBag, receiptOf, sealedBag, type PayloadSpec } from '../../../test/fakes/archive-builder.js';
import { verifyBytes } from '../../../test/fakes/verify-bytes.js';

const key = generateKeyPairSync('ed25519').privateKey;

const payloadOf = (files: number, sizeBytes: number): PayloadSpec[] =>
  Array.from({ length: files }, (_, index) => ({
    path: `data/pods/web/p${String(index).padStart(4, '0')}.log`,
    bytes: Buffer.alloc(sizeBytes),
    artifact: `logs/${String(index)}`,
  }));

describe('an archive that holds more than the receipt says', () => {
  const honest = sealedBag(key, { payload: payloadOf(3, 1000) });
  const receipt = receiptOf(honest, gzipOf(packBag(honest)), key);

  it('is whole when it holds just that', async () => {
    expect(await verifyBytes(gzipOf(packBag(honest)), key, { receipt })).toMatchObject({
      verdict: 'VERIFIED',
      findings: [],
    });
  });

  it.each([
    ['files', payloadOf(4000, 7), 'data/pods/web/p0003.log', '4 of 28 bytes, and more to come'],
    ['bytes', payloadOf(3, 2_000_000), 'data/pods/web/p0000.log', '1 of 2000000 bytes, and more to come'],
  ])('is not unpacked further than that: %s', async (_, payload, path, found) => {
    const report = await verifyBytes(gzipOf(packBag(sealedBag(key, { payload }))), key, { receipt });
    expect(report.verdict).toBe('TAMPERED');
    const expected = 'at most 3 payload files of 3000 bytes in all';
    expect(report.findings).toContainEqual({ check: 'receipt', path, expected, found });
    // The rest was not looked at, but the file was hashed to its end.
    expect(report.statement).toBeNull();
    expect(report.containerSha256).toMatch(/^[0-9a-f]{64}$/);
  });
});
