import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Encrypter } from 'age-encryption';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ageKey, NO_AGE, passphrasesOf } from '../../../test/fakes/age-world.js';
import { MAX_HEADER_BYTES, SEALED_CHUNK_BYTES } from './age-format.js';
import { parseAgeHeader } from './age-header.js';
import { ChunkCipher } from './chunk-cipher.js';
import { decryptFailed } from './decrypt-failed.js';
import { decryptArchive, type DecryptArchiveOptions } from './decrypt-archive.js';
import { openHeader } from './open-header.js';

const key = await ageKey();
const stranger = await ageKey();
const hybrid = await ageKey('post-quantum');

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

async function ageFile(plain: Buffer): Promise<Buffer> {
  const encrypter = new Encrypter();
  encrypter.addRecipient(key.recipient);
  return Buffer.from(await encrypter.encrypt(plain));
}

const PLAIN = randomBytes(3 * 65_536 + 1000);
const FILE = await ageFile(PLAIN);
const HEADER = parseAgeHeader(FILE, 'file').bytes.length;
const PAYLOAD = HEADER + 16;

interface World {
  readonly directory: string;
  readonly path: string;
  readonly output: string;
}

function newWorld(bytes: Uint8Array): World {
  const directory = mkdtempSync(join(tmpdir(), 'exhibit-decrypt-'));
  const path = join(directory, 'x.age');
  writeFileSync(path, bytes);
  return { directory, path, output: join(directory, 'x') };
}

async function decrypt({ path, output }: World, overrides: Partial<DecryptArchiveOptions> = {}) {
  return await decryptArchive({
    path,
    output,
    identityPaths: [key.identityPath],
    passphrases: passphrasesOf(),
    program: NO_AGE,
    expected: { encryptedSha256: null, containerSha256: null },
    ...overrides,
  });
}

async function failure(bytes: Uint8Array, overrides: Partial<DecryptArchiveOptions> = {}): Promise<string> {
  const world = newWorld(bytes);
  const error: unknown = await decrypt(world, overrides).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: 'DECRYPT_FAILED', exitCode: 4 });
  expect(readdirSync(world.directory)).toEqual(['x.age']);
  return (error as Error).message;
}

describe('decryptArchive', () => {
  it('gives the plaintext its name, for the owner alone, and leaves no quarantine', async () => {
    const world = newWorld(FILE);
    const result = await decrypt(world, {
      expected: { encryptedSha256: sha256(FILE), containerSha256: sha256(PLAIN) },
    });
    expect(readFileSync(world.output).equals(PLAIN)).toBe(true);
    expect(statSync(world.output).mode & 0o777).toBe(0o600);
    expect(readdirSync(world.directory).sort()).toEqual(['x', 'x.age']);
    expect(result).toEqual({
      sizeBytes: PLAIN.length,
      containerSha256: sha256(PLAIN),
      encryptedSha256: sha256(FILE),
      recipients: ['X25519'],
    });
  });

  it('refuses a file that is cut at, before or after the end of any chunk', async () => {
    for (let chunk = 0; chunk <= 3; chunk += 1) {
      for (const shift of [-17, -16, -1, 0, 1, 15, 16, 17]) {
        const end = PAYLOAD + chunk * SEALED_CHUNK_BYTES + shift;
        if (end >= FILE.length) continue;
        expect(await failure(FILE.subarray(0, end)), `cut at ${String(end)}`).toContain('cut off');
      }
    }
  });

  it('says that the last chunk is missing where it is', async () => {
    const cut = FILE.subarray(0, PAYLOAD + 2 * SEALED_CHUNK_BYTES);
    expect(await failure(cut)).toContain('its last chunk is missing');
  });

  it('refuses bytes after the end, and says so where the last chunk is full', async () => {
    expect(await failure(Buffer.concat([FILE, Buffer.alloc(1)]))).toContain('lengthened');
    const full = await ageFile(randomBytes(65_536));
    expect(await failure(Buffer.concat([full, randomBytes(100)]))).toContain('bytes follow after its last chunk');
    expect(await failure(Buffer.concat([FILE, FILE]))).toContain('lengthened');
  });

  it('refuses an empty last chunk after others, and takes an empty payload', async () => {
    const header = parseAgeHeader(FILE, 'file');
    const fileKey = await openHeader({
      header,
      path: 'file',
      identities: { native: [key.identity], forProgram: [] },
      passphrases: passphrasesOf(),
    });
    const cipher = new ChunkCipher(fileKey ?? Buffer.alloc(16), FILE.subarray(HEADER, PAYLOAD));
    const first = Buffer.alloc(SEALED_CHUNK_BYTES);
    cipher.seal({ index: 0, isLast: false }, Buffer.alloc(65_536), first);
    const empty = Buffer.alloc(16);
    cipher.seal({ index: 1, isLast: true }, Buffer.alloc(0), empty);
    const forged = Buffer.concat([FILE.subarray(0, PAYLOAD), first, empty]);
    expect(await failure(forged)).toContain('its last chunk is empty');
    const world = newWorld(await ageFile(Buffer.alloc(0)));
    await expect(decrypt(world)).resolves.toMatchObject({ sizeBytes: 0 });
  });

  it('refuses chunks that changed places, were left out or were put in twice', async () => {
    const chunks = [0, 1, 2].map((n) =>
      FILE.subarray(PAYLOAD + n * SEALED_CHUNK_BYTES, PAYLOAD + (n + 1) * SEALED_CHUNK_BYTES),
    );
    const last = FILE.subarray(PAYLOAD + 3 * SEALED_CHUNK_BYTES);
    for (const order of [
      [1, 0, 2],
      [0, 2],
      [0, 0, 1, 2],
    ]) {
      const payload = order.map((n) => chunks[n] ?? Buffer.alloc(0));
      expect(await failure(Buffer.concat([FILE.subarray(0, PAYLOAD), ...payload, last]))).toContain('is not what was');
    }
  });

  it('finds every changed bit, wherever it is', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: FILE.length * 8 - 1 }), async (bit) => {
        const changed = Buffer.from(FILE);
        changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        await failure(changed);
      }),
      { numRuns: 60 },
    );
    for (let at = 0; at < PAYLOAD; at += 1) {
      const changed = Buffer.from(FILE.subarray(0, PAYLOAD + 40));
      changed[at] = (changed[at] ?? 0) ^ 1;
      await failure(changed);
    }
  });

  it('takes no bytes of anybody for a file', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 500 }), fc.boolean(), async (bytes, isBegun) => {
        await failure(isBegun ? Buffer.concat([FILE.subarray(0, HEADER), bytes]) : bytes);
      }),
      { numRuns: 60 },
    );
  });

  it('says to whom it is encrypted when no identity fits', async () => {
    const message = await failure(FILE, { identityPaths: [stranger.identityPath, hybrid.identityPath] });
    expect(message).toContain('none of the identities fits; it is encrypted to: X25519');
    expect(await failure(FILE, { identityPaths: [] })).toContain('no identity was given');
  });

  it('says that the header was changed when an identity fits and its MAC does not', async () => {
    const changed = Buffer.from(FILE);
    changed[HEADER - 10] = changed[HEADER - 10] === 0x41 ? 0x42 : 0x41;
    expect(await failure(changed)).toContain('its header is not as it was written');
  });

  it('reads a bounded header of whatever is longer', async () => {
    const endless = Buffer.alloc(MAX_HEADER_BYTES + 100_000, 'age-encryption.org/v1\n-> ');
    expect(await failure(endless)).not.toBe('');
    const long = Buffer.concat([Buffer.from('age-encryption.org/v1\n-> '), Buffer.alloc(2 * MAX_HEADER_BYTES, 'x')]);
    expect(await failure(long)).toContain('its header is longer than');
  });

  it('does not do the work that a passphrase of a stranger asks for', async () => {
    const stanza = `-> scrypt ${randomBytes(16).toString('base64').slice(0, 22)} 30\n${'A'.repeat(43)}\n`;
    const bomb = Buffer.from(`age-encryption.org/v1\n${stanza}--- ${'A'.repeat(43)}\n${'x'.repeat(32)}`);
    expect(await failure(bomb)).toContain('more work than is sane: 2^30 (at most 2^19 is done)');
    const asking = (factor: string): Buffer =>
      Buffer.from(bomb.toString('latin1').replace(' 30\n', ` ${factor}\n`), 'latin1');
    expect(await failure(asking('20'))).toContain('more work than is sane: 2^20 ');
    const refusing = { maxTries: 1, read: () => Promise.reject(decryptFailed('x.age', 'it was asked for')) };
    for (const factor of ['18', '19'])
      expect(await failure(asking(factor), { passphrases: refusing })).toContain('it was asked for');
    for (const factor of ['0', '018', '-1', '1e1', '9999999999'])
      expect(await failure(asking(factor))).toContain('the work factor of its passphrase is not a number');
    const mixed = Buffer.from(bomb.toString('latin1').replace('-> scrypt', '-> X25519 a\n\n-> scrypt'), 'latin1');
    expect(await failure(mixed)).toContain('mixes a passphrase');
  });

  it('compares the ciphertext with the receipt before it decrypts, and the plaintext after', async () => {
    const other = sha256(randomBytes(1));
    const before = await failure(FILE, {
      expected: { encryptedSha256: other, containerSha256: null },
      identityPaths: [],
    });
    expect(before).toContain('the file has another SHA-256 than the receipt says');
    const after = await failure(FILE, { expected: { encryptedSha256: sha256(FILE), containerSha256: other } });
    expect(after).toContain('its plaintext has another SHA-256 than the receipt says');
  });

  it('writes over nothing: not the output, not a quarantine, not what a link points to', async () => {
    const world = newWorld(FILE);
    writeFileSync(world.output, 'mine');
    let decryptedBytes = 0;
    const onProgress = (bytes: number): void => void (decryptedBytes = bytes);
    const refused = { code: 'STORAGE_FAILED', subject: world.output };
    await expect(decrypt(world, { onProgress })).rejects.toMatchObject(refused);
    expect([readFileSync(world.output, 'utf8'), decryptedBytes]).toEqual(['mine', 0]);
    const killed = newWorld(FILE);
    writeFileSync(`${killed.output}.partial`, 'left behind');
    await expect(decrypt(killed)).rejects.toMatchObject({
      code: 'STORAGE_FAILED',
      hints: [`rm ${killed.output}.partial`],
    });
    expect(readFileSync(`${killed.output}.partial`, 'utf8')).toBe('left behind');
    const linked = newWorld(FILE);
    symlinkSync(join(linked.directory, 'target'), `${linked.output}.partial`);
    await expect(decrypt(linked)).rejects.toMatchObject({ code: 'STORAGE_FAILED' });
    expect(existsSync(join(linked.directory, 'target'))).toBe(false);
  });

  it('writes over no output that appears while it decrypts', async () => {
    const world = newWorld(FILE);
    const onProgress = (): void => writeFileSync(world.output, 'mine');
    await expect(decrypt(world, { onProgress })).rejects.toMatchObject({ code: 'STORAGE_FAILED' });
    expect(readFileSync(world.output, 'utf8')).toBe('mine');
    expect(readdirSync(world.directory).sort()).toEqual(['x', 'x.age']);
  });

  it('ends for a file that grows while it is read, and leaves nothing', async () => {
    const world = newWorld(FILE);
    const onProgress = (): void => writeFileSync(world.path, randomBytes(1000), { flag: 'a' });
    await expect(decrypt(world, { onProgress })).rejects.toMatchObject({ code: 'STORAGE_FAILED' });
    expect(readdirSync(world.directory)).toEqual(['x.age']);
  });

  it('stops when it is interrupted and leaves nothing', async () => {
    const world = newWorld(FILE);
    await expect(decrypt(world, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'INTERRUPTED' });
    expect(readdirSync(world.directory)).toEqual(['x.age']);
  });

  it('wants a file that is one', async () => {
    const world = newWorld(FILE);
    for (const path of [join(world.directory, 'missing'), world.directory])
      await expect(decrypt({ ...world, path })).rejects.toMatchObject({ code: 'USAGE_INVALID' });
  });
});
