import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { gzipOf, packBag, receiptOf, sealedBag, type PayloadSpec } from '../../../test/fakes/archive-builder.js';
import { verifyBytes } from '../../../test/fakes/verify-bytes.js';

const key = generateKeyPairSync('ed25519').privateKey;

const payloadOf = (files: number, sizeBytes: number): PayloadSpec[] =>
  Array.from({ length: files }, (_, index) => ({
    path: `data/pods/web/p${String(index).padStart(5, '0')}.log`,
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
    [
      'files, told by their entries',
      payloadOf(11_000, 7),
      { path: 'custody/acquisition.jsonl', expected: 'at most 1376256 bytes for 5 entries' },
    ],
    [
      'bytes',
      payloadOf(3, 30_000_000),
      {
        path: 'data/pods/web/p00002.log',
        expected: '3 payload files of 3000 bytes in all',
        found: '3 of 90000000 bytes, and more to come',
      },
    ],
  ])('is not unpacked further than that: %s', async (_, payload, finding) => {
    const report = await verifyBytes(gzipOf(packBag(sealedBag(key, { payload }))), key, { receipt });
    expect(report.verdict).toBe('TAMPERED');
    expect(report.findings).toContainEqual(expect.objectContaining({ check: 'receipt', ...finding }));
    // The rest was not looked at, but the file was hashed to its end.
    expect(report.statement).toBeNull();
    expect(report.containerSha256).toMatch(/^[0-9a-f]{64}$/);
  });

  it('has a custody log that is far too long for its entries, and that is not read either', async () => {
    const bag = sealedBag(key, { payload: payloadOf(3, 1000) });
    bag.files.set('custody/acquisition.jsonl', Buffer.alloc(20_000_000, 0x20));
    const report = await verifyBytes(gzipOf(packBag(bag)), key, { receipt });
    const expected = `at most ${String(1024 * 1024 + receipt.custodyEntries * 64 * 1024)} bytes for ${String(receipt.custodyEntries)} entries`;
    expect(report.findings).toContainEqual({
      check: 'receipt',
      path: 'custody/acquisition.jsonl',
      expected,
      found: '20000000',
    });
    expect(report.statement).toBeNull();
  });
});

describe('an archive that holds more than it says itself', () => {
  it('is not unpacked further than that without a receipt', async () => {
    const bag = sealedBag(key, { payload: payloadOf(3, 30_000_000) });
    const info = bag.files.get('bag-info.txt')?.toString('latin1') ?? '';
    bag.files.set('bag-info.txt', Buffer.from(info.replace(/Payload-Oxum: .*/, 'Payload-Oxum: 3000.3')));
    const report = await verifyBytes(gzipOf(packBag(bag)), key);
    expect(report.verdict).toBe('TAMPERED');
    expect(report.findings).toContainEqual({
      check: 'counts',
      path: 'data/pods/web/p00002.log',
      expected: '3 payload files of 3000 bytes in all',
      found: '3 of 90000000 bytes, and more to come',
    });
    expect(report.statement).toBeNull();
  });
});
