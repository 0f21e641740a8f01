import { createSign, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { localRemoteKey } from '../../../test/fakes/local-remote-key.js';
import { inHalf } from '../../../test/fakes/other-half.js';
import type { RemoteKey } from '../../ports/remote-key.js';
import { isHighS, parseSshsig, verifySshsig } from '../sshsig.js';
import { parseDerSignature } from './der-signature.js';
import { createRemoteKeySigner } from './remote-key-signer.js';

const NAMESPACE = 'exhibit-seal@v1';
const spkiOf = (key: KeyObject): Buffer => key.export({ format: 'der', type: 'spki' });

describe('createRemoteKeySigner', () => {
  it('makes signatures that verify, and asks the service for the bytes of SSHSIG only', async () => {
    const asked: number[] = [];
    const key = localRemoteKey();
    const signer = await createRemoteKeySigner({
      ...key,
      sign: async (message) => {
        asked.push(message.length);
        return await key.sign(message);
      },
    });
    const big = Buffer.alloc(1_000_000, 'x');
    const signature = parseSshsig(await signer.sign(big, NAMESPACE));
    expect(signature !== null && verifySshsig(signature, big, NAMESPACE)).toBe(true);
    expect(signer.publicKey).toMatch(/^ecdsa-sha2-nistp256 /);
    expect(signer.fingerprint).toMatch(/^SHA256:/);
    expect(asked).toEqual([107]);
  });

  it('writes the smaller of the two numbers that are equally good, whichever the service answered with', async () => {
    const key = localRemoteKey();
    const signer = await createRemoteKeySigner(key);
    const answered = new Set<boolean>();
    const spied = await createRemoteKeySigner({
      ...key,
      sign: async (message) => {
        const der = await key.sign(message);
        answered.add((parseDerSignature(der).s[0] ?? 0) >= 0x80);
        return der;
      },
    });
    while (answered.size < 2) {
      const armored = await spied.sign(Buffer.from('m'), NAMESPACE);
      expect(inHalf(armored, 'low')).toBe(armored);
    }
    const other = parseSshsig(inHalf(await signer.sign(Buffer.from('m'), NAMESPACE), 'high'));
    expect(other !== null && isHighS(other) && verifySshsig(other, Buffer.from('m'), NAMESPACE)).toBe(true);
  });

  it.each([
    ['no key at all', Buffer.from('nonsense')],
    ['an RSA key', spkiOf(generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey)],
    ['a key of another curve', spkiOf(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey)],
    ['an ed25519 key', spkiOf(generateKeyPairSync('ed25519').publicKey)],
  ])('refuses a service that answers with %s', async (_what, spki) => {
    const answer: RemoteKey = { ...localRemoteKey(), publicKeySpki: async () => spki };
    await expect(createRemoteKeySigner(answer)).rejects.toMatchObject({ code: 'SIGNER_UNAVAILABLE', subject: 'test' });
  });

  it.each([
    ['nothing', async () => Buffer.alloc(0)],
    ['garbage', async () => Buffer.alloc(71, 0x30)],
    [
      'a signature by another key',
      async (_key: RemoteKey, message: Uint8Array) => await localRemoteKey().sign(message),
    ],
    [
      'a signature over more',
      async (key: RemoteKey, message: Uint8Array) => await key.sign(Buffer.concat([message, message])),
    ],
  ])('never hands on %s', async (_what, answer) => {
    const key = localRemoteKey();
    const signer = await createRemoteKeySigner({ ...key, sign: async (message) => await answer(key, message) });
    await expect(signer.sign(Buffer.from('m'), NAMESPACE)).rejects.toMatchObject({ code: 'SIGNER_UNAVAILABLE' });
  });

  it('hands on the error of the service', async () => {
    const refused = new Error('denied');
    const signer = await createRemoteKeySigner({ ...localRemoteKey(), sign: () => Promise.reject(refused) });
    await expect(signer.sign(Buffer.from('m'), NAMESPACE)).rejects.toBe(refused);
  });
});

describe('parseDerSignature', () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

  it('reads what OpenSSL writes', () => {
    for (let count = 0; count < 300; count += 1) {
      const der = createSign('sha256').update(String(count)).sign(privateKey);
      const { r, s } = parseDerSignature(der);
      expect([r.length, s.length]).toEqual([32, 32]);
    }
  });

  it('takes one form of a number only, and throws RangeError for anything else', () => {
    const der = (...numbers: string[]): Buffer => {
      const body = Buffer.concat(
        numbers.map((hex) => Buffer.concat([Buffer.from([2, hex.length / 2]), Buffer.from(hex, 'hex')])),
      );
      return Buffer.concat([Buffer.from([0x30, body.length]), body]);
    };
    expect(parseDerSignature(der('01', '0080')).s.at(-1)).toBe(0x80);
    for (const wrong of [['00', '01'], ['0001', '01'], ['80', '01'], ['', '01'], ['01'], ['01', '01', '01']])
      expect(() => parseDerSignature(der(...wrong))).toThrow(RangeError);
    expect(() => parseDerSignature(der(`7f${'00'.repeat(32)}`, '01'))).toThrow(RangeError);
    const good = sign('sha256', Buffer.from('m'), privateKey);
    expect(() => parseDerSignature(Buffer.concat([good, Buffer.alloc(1)]))).toThrow(RangeError);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        const attempt = Buffer.concat([Buffer.from([0x30, bytes.length]), bytes]);
        try {
          parseDerSignature(attempt);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }),
    );
  });
});
