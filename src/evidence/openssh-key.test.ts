import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LOCKED_KEY, LOCKED_KEY_PASSPHRASE, LOCKED_KEY_PUBLIC } from '../../test/fakes/locked-key.js';
import { parseOpensshKey, renderOpensshKey } from './openssh-key.js';
import { ed25519Blob } from './ssh-public-key.js';
import { sshArmor, wireString } from './ssh-wire.js';

const LABEL = 'OPENSSH PRIVATE KEY';
const privateKey = generateKeyPairSync('ed25519').privateKey;
const passphrase = Buffer.from(LOCKED_KEY_PASSPHRASE);
const bytesOf = (text: string): Buffer => Buffer.from(text.split('\n').slice(1, -2).join(''), 'base64');
const uint32 = (value: number): Buffer =>
  Buffer.from([value >>> 24, value >>> 16, value >>> 8, value].map((b) => b & 255));

/** A key file with any encryption parameters. */
function fileWith(cipher: string, kdf: string, options: Buffer, secret = Buffer.alloc(64)): string {
  const head = [cipher, kdf, options].map(wireString);
  const tail = [ed25519Blob(privateKey), secret].map(wireString);
  return sshArmor(LABEL, Buffer.concat([Buffer.from('openssh-key-v1\0'), ...head, uint32(1), ...tail]));
}

const kdfOptions = (rounds: number, salt = Buffer.alloc(16)): Buffer =>
  Buffer.concat([wireString(salt), uint32(rounds)]);

describe('a key without a passphrase', () => {
  it('is read as it was written, with any comment', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 40 }), (comment) => {
        const file = parseOpensshKey(renderOpensshKey({ privateKey, comment }, null), 'k');
        const parsed = file.open(null);
        expect(file.isLocked).toBe(false);
        expect(parsed.privateKey.equals(privateKey)).toBe(true);
        expect(parsed.comment).toBe(comment);
      }),
    );
  });

  it('throws KEY_INVALID, and nothing else, for any damage', () => {
    const blob = bytesOf(renderOpensshKey({ privateKey, comment: 'c' }, null));
    fc.assert(
      fc.property(fc.nat(blob.length * 8 - 1), (bit) => {
        const damaged = Buffer.from(blob);
        damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        try {
          // Only the comment, which nothing protects, may change unnoticed.
          expect(parseOpensshKey(sshArmor(LABEL, damaged), 'k').open(null).comment).not.toBe('c');
        } catch (error) {
          expect(error).toMatchObject({ code: 'KEY_INVALID' });
        }
      }),
      { numRuns: 400 },
    );
  });

  it('is not made out of arbitrary bytes or text', () => {
    const attempt = (text: string): void => {
      expect(() => parseOpensshKey(text, 'k').open(null)).toThrow(expect.objectContaining({ code: 'KEY_INVALID' }));
    };
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        attempt(sshArmor(LABEL, Buffer.concat([Buffer.from('openssh-key-v1\0'), bytes])));
      }),
    );
    fc.assert(fc.property(fc.string({ maxLength: 300, unit: 'binary' }), attempt));
  });
});

describe('a key with a passphrase', () => {
  it('opens with that passphrase only, and nothing of it is in the file', () => {
    const text = renderOpensshKey({ privateKey, comment: 'c' }, passphrase);
    const file = parseOpensshKey(text, 'k');
    expect(file.isLocked).toBe(true);
    expect(file.open(passphrase).privateKey.equals(privateKey)).toBe(true);
    for (const wrong of ['correct hors', 'correct horse ', 'Correct horse', '']) {
      expect(() => parseOpensshKey(LOCKED_KEY, 'k').open(Buffer.from(wrong))).toThrow(
        expect.objectContaining({ code: 'PASSPHRASE_WRONG' }),
      );
    }
    const seed = Buffer.from(privateKey.export({ format: 'jwk' }).d ?? '', 'base64url');
    expect(bytesOf(text).includes(seed)).toBe(false);
    expect(bytesOf(text).includes(passphrase)).toBe(false);
  });

  it('opens when ssh-keygen made it', () => {
    const { privateKey: key, comment } = parseOpensshKey(LOCKED_KEY, 'k').open(passphrase);
    expect(`ssh-ed25519 ${ed25519Blob(key).toString('base64')}`).toBe(LOCKED_KEY_PUBLIC);
    expect(comment).toBe('test@example');
  });

  it('has another salt each time', () => {
    const optionsOf = (text: string): Buffer => bytesOf(text).subarray(15, 15 + 14 + 10 + 28);
    const texts = [1, 2].map(() => renderOpensshKey({ privateKey, comment: '' }, passphrase));
    const [one = Buffer.alloc(0), other = Buffer.alloc(0)] = texts.map(optionsOf);
    expect(one.equals(other)).toBe(false);
    expect(one.readUInt32BE(one.length - 4)).toBeGreaterThanOrEqual(16);
  });

  it('throws PASSPHRASE_WRONG or KEY_INVALID, and nothing else, for any damage', () => {
    const blob = bytesOf(LOCKED_KEY);
    fc.assert(
      fc.property(fc.nat(blob.length * 8 - 1), (bit) => {
        const damaged = Buffer.from(blob);
        damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        try {
          const { comment } = parseOpensshKey(sshArmor(LABEL, damaged), 'k').open(passphrase);
          // In counter mode a bit of the comment stays a bit of the comment.
          expect(comment).not.toBe('test@example');
        } catch (error) {
          expect(['PASSPHRASE_WRONG', 'KEY_INVALID']).toContain((error as { code: string }).code);
        }
      }),
      { numRuns: 100 },
    );
  });

  it.each([
    ['another cipher', fileWith('chacha20-poly1305@openssh.com', 'bcrypt', kdfOptions(16)), 'chacha20'],
    ['another derivation', fileWith('aes256-ctr', 'scrypt', kdfOptions(16)), 'scrypt'],
    ['a derivation without a cipher', fileWith('none', 'bcrypt', kdfOptions(16)), 'encrypted with none'],
    ['a cipher without a derivation', fileWith('aes256-ctr', 'none', Buffer.alloc(0)), 'derived with none'],
    ['rounds that would take for ever', fileWith('aes256-ctr', 'bcrypt', kdfOptions(0xffffffff)), '4294967295 rounds'],
    ['one round more than is read', fileWith('aes256-ctr', 'bcrypt', kdfOptions(513)), '513 rounds'],
    ['no round', fileWith('aes256-ctr', 'bcrypt', kdfOptions(0)), 'damaged'],
    ['no salt', fileWith('aes256-ctr', 'bcrypt', kdfOptions(16, Buffer.alloc(0))), 'damaged'],
    ['a long salt', fileWith('aes256-ctr', 'bcrypt', kdfOptions(16, Buffer.alloc(65))), 'damaged'],
    [
      'bytes after the options',
      fileWith('aes256-ctr', 'bcrypt', Buffer.concat([kdfOptions(1), Buffer.alloc(1)])),
      'damaged',
    ],
    ['a cipher named like a property', fileWith('toString', 'bcrypt', kdfOptions(16)), 'encrypted with toString'],
  ])('is refused before anybody is asked: %s', (_what, text, why) => {
    expect(() => parseOpensshKey(text, 'k')).toThrow(
      expect.objectContaining({ code: 'KEY_INVALID', message: expect.stringContaining(why) as string }),
    );
  });

  it.each([0, 1, 15, 63])('is damaged when its secret part has %i bytes', (length) => {
    const file = parseOpensshKey(fileWith('aes256-ctr', 'bcrypt', kdfOptions(1), Buffer.alloc(length)), 'k');
    expect(() => file.open(passphrase)).toThrow(expect.objectContaining({ code: 'KEY_INVALID' }));
  });
});

describe('a key of another type', () => {
  it('is refused with the way that it can be used', () => {
    const blob = Buffer.concat([
      wireString('sk-ssh-ed25519@openssh.com'),
      wireString(Buffer.alloc(32)),
      wireString('ssh:'),
    ]);
    const parts = ['none', 'none', ''].map(wireString);
    const tail = [blob, Buffer.alloc(64)].map(wireString);
    const text = sshArmor(LABEL, Buffer.concat([Buffer.from('openssh-key-v1\0'), ...parts, uint32(1), ...tail]));
    expect(() => parseOpensshKey(text, 'k')).toThrow(
      expect.objectContaining({ code: 'KEY_INVALID', message: expect.stringContaining('agent:FILE.pub') as string }),
    );
  });
});
