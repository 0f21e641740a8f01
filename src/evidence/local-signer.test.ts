import { generateKeyPairSync } from 'node:crypto';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLocalKey, loadLocalSigner } from './local-signer.js';
import { parseOpensshKey, renderOpensshKey } from './openssh-key.js';
import { sshArmor, wireString } from './ssh-wire.js';
import { parseSshsig, verifySshsig } from './sshsig.js';

let directory: string;
let path: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'exhibit-key-'));
  path = join(directory, 'keys', 'id');
});

afterEach(async () => {
  await rm(directory, { recursive: true });
});

describe('createLocalKey', () => {
  it('makes a pair that signs, in a folder of its own', async () => {
    const made = await createLocalKey({ privatePath: path, comment: 'me@here' });
    const signer = await loadLocalSigner(path);
    expect({ fingerprint: signer.fingerprint, publicKey: signer.publicKey }).toEqual(made);
    expect(await readFile(`${path}.pub`, 'utf8')).toBe(`${made.publicKey} me@here\n`);
    expect([
      (await stat(path)).mode & 0o777,
      (await stat(`${path}.pub`)).mode & 0o777,
      (await stat(join(directory, 'keys'))).mode & 0o777,
    ]).toEqual([0o600, 0o644, 0o700]);
    const signature = parseSshsig(await signer.sign(Buffer.from('m'), 'exhibit-seal@v1'));
    expect(signature !== null && verifySshsig(signature, Buffer.from('m'), 'exhibit-seal@v1')).toBe(true);
  });

  it('replaces neither a private nor a public key', async () => {
    await createLocalKey({ privatePath: path, comment: '' });
    const before = await readFile(path, 'utf8');
    await expect(createLocalKey({ privatePath: path, comment: '' })).rejects.toMatchObject({ code: 'KEY_INVALID' });
    expect(await readFile(path, 'utf8')).toBe(before);
    await rm(path);
    await expect(createLocalKey({ privatePath: path, comment: '' })).rejects.toMatchObject({ code: 'KEY_INVALID' });
    await expect(stat(path)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('refuses a comment that would break the line', async () => {
    await expect(createLocalKey({ privatePath: path, comment: 'a\nb' })).rejects.toMatchObject({
      code: 'USAGE_INVALID',
    });
  });
});

describe('loadLocalSigner', () => {
  it.each([0o640, 0o604, 0o620, 0o602])('refuses a key with mode %o', async (mode) => {
    await createLocalKey({ privatePath: path, comment: '' });
    await chmod(path, mode);
    await expect(loadLocalSigner(path)).rejects.toMatchObject({
      code: 'KEY_INVALID',
      hints: [expect.stringContaining('chmod 600')],
    });
  });

  it('says what is wrong with a path that is no key', async () => {
    await expect(loadLocalSigner(path)).rejects.toMatchObject({ code: 'KEY_INVALID' });
    await expect(loadLocalSigner(directory)).rejects.toMatchObject({ code: 'KEY_INVALID' });
    const file = join(directory, 'text');
    await writeFile(file, '-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA==\n-----END PRIVATE KEY-----\n', {
      mode: 0o600,
    });
    await expect(loadLocalSigner(file)).rejects.toThrow('not a private key in OpenSSH format');
  });
});

describe('parseOpensshKey', () => {
  const privateKey = generateKeyPairSync('ed25519').privateKey;

  it('reads what renderOpensshKey wrote, with any comment', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 40 }), (comment) => {
        const parsed = parseOpensshKey(renderOpensshKey({ privateKey, comment }), 'k');
        expect(parsed.privateKey.equals(privateKey)).toBe(true);
        expect(parsed.comment).toBe(comment);
      }),
    );
  });

  it('throws KEY_INVALID, and nothing else, for any damage', () => {
    const blob = Buffer.from(
      renderOpensshKey({ privateKey, comment: 'c' }).split('\n').slice(1, -2).join(''),
      'base64',
    );
    fc.assert(
      fc.property(fc.nat(blob.length * 8 - 1), (bit) => {
        const damaged = Buffer.from(blob);
        damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        try {
          // Only the comment, which nothing protects, may change unnoticed.
          expect(parseOpensshKey(sshArmor('OPENSSH PRIVATE KEY', damaged), 'k').comment).not.toBe('c');
        } catch (error) {
          expect(error).toMatchObject({ code: 'KEY_INVALID' });
        }
      }),
      { numRuns: 400 },
    );
  });

  it('tells an encrypted key from a damaged one', () => {
    const fields = ['aes256-ctr', 'bcrypt', 'options'].map(wireString);
    const blob = Buffer.concat([Buffer.from('openssh-key-v1\0'), ...fields, Buffer.from([0, 0, 0, 1])]);
    expect(() => parseOpensshKey(sshArmor('OPENSSH PRIVATE KEY', blob), 'k')).toThrow('passphrase');
  });
});
