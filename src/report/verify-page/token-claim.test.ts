import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readTokenClaim } from './token-claim.js';

const STAMPED = new Uint8Array(Buffer.from('signature'));

function reply(hash: string, time: string): Uint8Array<ArrayBuffer> {
  const digest = createHash(hash).update(STAMPED).digest();
  const imprint = Buffer.concat([Buffer.from([4, digest.length]), digest]);
  const serial = Buffer.from([2, 3, 1, 2, 3]);
  const text = Buffer.concat([Buffer.from([0x18, time.length]), Buffer.from(time)]);
  return new Uint8Array(Buffer.concat([Buffer.from([0x30, 0x80, 4, 2]), imprint, serial, text, Buffer.alloc(9)]));
}

describe('readTokenClaim', () => {
  it.each([
    ['sha256', '20260102030405Z', '2026-01-02T03:04:05.000Z'],
    ['sha384', '20260102030405.25Z', '2026-01-02T03:04:05.250Z'],
    ['sha512', '20260102030405.123456Z', '2026-01-02T03:04:05.123Z'],
    ['sha256', '20261302030405Z', null],
    ['sha256', 'yesterday', null],
  ])('reads the time of a token over %s: %s', async (hash, time, genTime) => {
    expect(await readTokenClaim(reply(hash, time), STAMPED)).toEqual({ genTime });
  });

  it('knows no token about other bytes, nor in any bytes', async () => {
    expect(await readTokenClaim(reply('sha256', '20260102030405Z'), new Uint8Array(3))).toBeNull();
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        expect(await readTokenClaim(new Uint8Array(bytes), STAMPED)).toBeNull();
      }),
    );
  });
});
