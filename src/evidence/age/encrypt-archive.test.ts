import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Decrypter } from 'age-encryption';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AGE, ageKey, NO_AGE, passphrasesOf, targetOf } from '../../../test/fakes/age-world.js';
import { sealedPayloadBytes } from './age-format.js';
import { decryptArchive } from './decrypt-archive.js';
import { encryptArchive } from './encrypt-archive.js';

const directory = mkdtempSync(join(tmpdir(), 'exhibit-encrypt-'));
const key = await ageKey();
const other = await ageKey();
const hybrid = await ageKey('post-quantum');
let files = 0;

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function newPath(name: string): string {
  files += 1;
  return join(directory, `${String(files)}-${name}`);
}

async function encrypt(plain: Buffer, overrides: Partial<Parameters<typeof encryptArchive>[0]> = {}) {
  const source = newPath('archive');
  writeFileSync(source, plain);
  const partial = `${source}.age.partial`;
  const options = { source, sourceSha256: sha256(plain), partial, target: await targetOf(key.recipient), program: AGE };
  return { partial, ...(await encryptArchive({ ...options, ...overrides })) };
}

async function decrypt(path: string, identityPaths: readonly string[], passphrases = passphrasesOf()) {
  const output = newPath('plain');
  const expected = { encryptedSha256: null, containerSha256: null };
  const result = await decryptArchive({ path, output, identityPaths, passphrases, program: AGE, expected });
  return { ...result, plain: readFileSync(output) };
}

/** Around the ends of chunks and batches. */
const SIZES = [0, 1, 65_535, 65_536, 65_537, 131_072, 16 * 65_536, 16 * 65_536 + 1, 33 * 65_536 + 5];

describe('encryptArchive', () => {
  it.each(SIZES)('writes %i bytes so that the library and we read them again', async (size) => {
    const plain = randomBytes(size);
    const { partial, encryptedSha256, sizeBytes } = await encrypt(plain);
    const sealed = readFileSync(partial);
    expect(sha256(sealed)).toBe(encryptedSha256);
    expect(sealed.length).toBe(sizeBytes);
    const library = new Decrypter();
    library.addIdentity(key.identity);
    expect(Buffer.from(await library.decrypt(sealed)).equals(plain)).toBe(true);
    const read = await decrypt(partial, [key.identityPath]);
    expect(read.plain.equals(plain)).toBe(true);
    expect(read).toMatchObject({ sizeBytes: size, containerSha256: sha256(plain), encryptedSha256 });
  });

  it('adds to a payload what its chunks need and a nonce', async () => {
    const { sizeBytes, partial } = await encrypt(randomBytes(200_000));
    const header = readFileSync(partial, 'latin1').split('\n---')[0]!.length + '\n--- '.length + 43 + 1;
    expect(sizeBytes).toBe(header + 16 + sealedPayloadBytes(200_000));
  });

  it('gives every recipient a way in, and nobody else', async () => {
    const plain = randomBytes(1000);
    const { partial } = await encrypt(plain, { target: await targetOf(key.recipient, other.recipient) });
    for (const one of [key, other]) expect((await decrypt(partial, [one.identityPath])).plain.equals(plain)).toBe(true);
    const stranger = await ageKey();
    await expect(decrypt(partial, [stranger.identityPath])).rejects.toMatchObject({ code: 'DECRYPT_FAILED' });
  });

  it('encrypts to post-quantum recipients', async () => {
    const plain = randomBytes(100_000);
    const { partial } = await encrypt(plain, { target: await targetOf(hybrid.recipient) });
    const read = await decrypt(partial, [key.identityPath, hybrid.identityPath]);
    expect(read.plain.equals(plain)).toBe(true);
    expect(read.recipients).toEqual(['mlkem768x25519']);
  });

  it('encrypts with a passphrase, which is then the only way in', async () => {
    const plain = randomBytes(10);
    const { partial } = await encrypt(plain, { target: { passphrase: Buffer.from('kangaroo court') } });
    const read = await decrypt(partial, [], passphrasesOf('wrong', 'kangaroo court'));
    expect(read.plain.equals(plain)).toBe(true);
    expect(read.recipients).toEqual(['scrypt']);
    await expect(decrypt(partial, [key.identityPath], passphrasesOf('wrong'))).rejects.toMatchObject({
      code: 'DECRYPT_FAILED',
    });
  }, 120_000);

  it('refuses an archive that is not the one that was verified, and leaves nothing', async () => {
    const partial = newPath('other.age.partial');
    await expect(encrypt(randomBytes(100), { sourceSha256: sha256(randomBytes(1)), partial })).rejects.toMatchObject({
      code: 'SEAL_HASH_MISMATCH',
    });
    expect(existsSync(partial)).toBe(false);
  });

  it('never writes over a file that is there', async () => {
    const partial = newPath('there.age.partial');
    writeFileSync(partial, 'mine');
    await expect(encrypt(randomBytes(100), { partial })).rejects.toMatchObject({ code: 'STORAGE_FAILED' });
    expect(readFileSync(partial, 'utf8')).toBe('mine');
  });

  it('says that ssh keys need the program', async () => {
    const ssh = `ssh-ed25519 ${Buffer.concat([Buffer.from('0000000b', 'hex'), Buffer.from('ssh-ed25519')]).toString('base64')}`;
    const target = await targetOf(ssh);
    await expect(encrypt(randomBytes(1), { target, program: NO_AGE })).rejects.toMatchObject({
      code: 'AGE_KEY_INVALID',
      message: expect.stringContaining('is not on the PATH') as string,
    });
  });

  it('stops when it is interrupted and leaves nothing', async () => {
    const partial = newPath('stopped.age.partial');
    await expect(encrypt(randomBytes(100), { partial, signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'INTERRUPTED',
    });
    expect(existsSync(partial)).toBe(false);
  });

  it('reads what the library wrote, whatever the size', async () => {
    const { Encrypter } = await import('age-encryption');
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 200_000 }), async (size) => {
        const plain = randomBytes(size);
        const encrypter = new Encrypter();
        encrypter.addRecipient(key.recipient);
        const path = newPath('library.age');
        writeFileSync(path, await encrypter.encrypt(plain));
        expect((await decrypt(path, [key.identityPath])).plain.equals(plain)).toBe(true);
      }),
      { numRuns: 10 },
    );
  });
});
