import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decryptArchive } from '../../src/evidence/age/decrypt-archive.js';
import { encryptArchive } from '../../src/evidence/age/encrypt-archive.js';
import { parseAgeHeader } from '../../src/evidence/age/age-header.js';
import { AGE, ageKey, NO_AGE, passphrasesOf, targetOf } from '../fakes/age-world.js';
import { hasTool, needs, runTool } from '../fakes/stock-tools.js';

const hasAge = hasTool('age') && hasTool('age-keygen');
const hasKeygen = hasTool('ssh-keygen', ['-?']);
const key = await ageKey();
const SIZES = [0, 1, 65_535, 65_536, 65_537, 2 * 65_536, 16 * 65_536 + 7, 3_000_000];

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function newDirectory(): string {
  return mkdtempSync(join(tmpdir(), 'exhibit-age-interop-'));
}

async function encryptTo(recipients: readonly string[], plain: Buffer): Promise<string> {
  const source = join(newDirectory(), 'archive');
  writeFileSync(source, plain);
  const partial = `${source}.age`;
  const target = await targetOf(...recipients);
  const { encryptedSha256 } = await encryptArchive({
    source,
    sourceSha256: sha256(plain),
    partial,
    target,
    program: AGE,
  });
  expect(sha256(readFileSync(partial))).toBe(encryptedSha256);
  return partial;
}

async function decryptWith(identityPath: string, path: string, program = AGE): Promise<Buffer> {
  const output = join(newDirectory(), 'plain');
  const expected = { encryptedSha256: sha256(readFileSync(path)), containerSha256: null };
  await decryptArchive({
    path,
    output,
    identityPaths: [identityPath],
    passphrases: passphrasesOf(),
    program,
    expected,
  });
  return readFileSync(output);
}

/** Decrypts with the program into a file, for its output is no text. */
function ageDecrypt(identityPath: string, path: string): Buffer | null {
  const output = join(newDirectory(), 'plain');
  const { status } = runTool('age', ['-d', '-i', identityPath, '-o', output, path]);
  if (status !== 0) return null;
  // For an empty file it makes none.
  return existsSync(output) ? readFileSync(output) : Buffer.alloc(0);
}

function sshKey(type: string, ...more: string[]): string {
  const path = join(newDirectory(), 'id');
  expect(runTool('ssh-keygen', ['-q', '-t', type, ...more, '-N', '', '-C', 'jane@laptop', '-f', path]).status).toBe(0);
  return path;
}

describe.skipIf(!hasAge)(`age${needs('age', hasAge)}`, () => {
  it.each(SIZES)('decrypts the %i bytes that we encrypted', async (size) => {
    const plain = randomBytes(size);
    expect(ageDecrypt(key.identityPath, await encryptTo([key.recipient], plain))?.equals(plain)).toBe(true);
  });

  it.each(SIZES)('encrypts %i bytes that we decrypt without it', async (size) => {
    const directory = newDirectory();
    const plain = randomBytes(size);
    writeFileSync(join(directory, 'plain'), plain);
    const path = join(directory, 'x.age');
    expect(runTool('age', ['-r', key.recipient, '-o', path, join(directory, 'plain')]).status).toBe(0);
    expect((await decryptWith(key.identityPath, path, NO_AGE)).equals(plain)).toBe(true);
  });

  it('makes identities and recipients that we use', async () => {
    const identityPath = join(newDirectory(), 'identity');
    expect(runTool('age-keygen', ['-o', identityPath]).status).toBe(0);
    const recipient = runTool('age-keygen', ['-y', identityPath]).stdout.trim();
    const plain = randomBytes(1000);
    const path = await encryptTo([recipient, key.recipient], plain);
    for (const one of [identityPath, key.identityPath]) {
      expect(ageDecrypt(one, path)?.equals(plain)).toBe(true);
      expect((await decryptWith(one, path, NO_AGE)).equals(plain)).toBe(true);
    }
  });

  it('refuses with us what is cut off, lengthened or changed, and for us leaves nothing behind', async () => {
    const plain = randomBytes(2 * 65_536 + 100);
    const whole = readFileSync(await encryptTo([key.recipient], plain));
    const { length } = parseAgeHeader(whole, 'x').bytes;
    const cases = [
      whole.subarray(0, length + 16 + 65_552),
      whole.subarray(0, -1),
      Buffer.concat([whole, Buffer.from('x')]),
      Buffer.from(whole.map((byte, at) => (at === whole.length - 200_00 ? byte ^ 1 : byte))),
      Buffer.from(whole.map((byte, at) => (at === length - 5 ? byte ^ 1 : byte))),
    ];
    for (const bytes of cases) {
      const directory = newDirectory();
      const path = join(directory, 'x.age');
      writeFileSync(path, bytes);
      expect(ageDecrypt(key.identityPath, path)).toBeNull();
      await expect(
        decryptArchive({
          path,
          output: join(directory, 'x'),
          identityPaths: [key.identityPath],
          passphrases: passphrasesOf(),
          program: AGE,
          expected: { encryptedSha256: null, containerSha256: null },
        }),
      ).rejects.toMatchObject({ code: 'DECRYPT_FAILED' });
      expect(readdirSync(directory)).toEqual(['x.age']);
    }
  });
});

const hasBoth = hasAge && hasKeygen;

describe.skipIf(!hasBoth)(`ssh keys through age${needs('age and ssh-keygen', hasBoth)}`, () => {
  it.each([
    ['ssh-ed25519', 'ed25519', []],
    ['ssh-rsa', 'rsa', ['-b', '2048']],
  ] as const)('encrypts to %s and X25519 at once, and each opens it', async (stanza, type, more) => {
    const identityPath = sshKey(type, ...more);
    const publicKey = readFileSync(`${identityPath}.pub`, 'utf8').trim();
    const plain = randomBytes(200_000);
    const path = await encryptTo([publicKey, key.recipient], plain);
    const { stanzas } = parseAgeHeader(readFileSync(path), path);
    expect(stanzas.map((one) => one.type)).toEqual([stanza, 'X25519']);
    expect(ageDecrypt(identityPath, path)?.equals(plain)).toBe(true);
    expect(ageDecrypt(key.identityPath, path)?.equals(plain)).toBe(true);
    expect((await decryptWith(identityPath, path)).equals(plain)).toBe(true);
    expect((await decryptWith(key.identityPath, path, NO_AGE)).equals(plain)).toBe(true);
  });

  it.each([0, 65_536, 1_500_000])('decrypts %i bytes with an ssh key', async (size) => {
    const identityPath = sshKey('ed25519');
    const plain = randomBytes(size);
    const path = await encryptTo([readFileSync(`${identityPath}.pub`, 'utf8').trim()], plain);
    expect((await decryptWith(identityPath, path)).equals(plain)).toBe(true);
  });

  it('says why an ssh key does not open a file, and leaves nothing', async () => {
    const path = await encryptTo([readFileSync(`${sshKey('ed25519')}.pub`, 'utf8').trim()], randomBytes(5_000_000));
    const output = join(newDirectory(), 'plain');
    const options = {
      path,
      output,
      passphrases: passphrasesOf(),
      expected: { encryptedSha256: null, containerSha256: null },
    };
    const wrong = { ...options, identityPaths: [sshKey('ed25519')] };
    await expect(decryptArchive({ ...wrong, program: AGE })).rejects.toMatchObject({
      code: 'DECRYPT_FAILED',
      message: expect.stringContaining('no identity matched') as string,
    });
    await expect(decryptArchive({ ...wrong, program: NO_AGE })).rejects.toMatchObject({ code: 'AGE_KEY_INVALID' });
    expect(existsSync(`${output}.partial`) || existsSync(output)).toBe(false);
  });

  it('leaves nothing when the file is cut off, though the program has written plaintext by then', async () => {
    const identityPath = sshKey('ed25519');
    const whole = readFileSync(
      await encryptTo([readFileSync(`${identityPath}.pub`, 'utf8').trim()], randomBytes(300_000)),
    );
    const { length } = parseAgeHeader(whole, 'x').bytes;
    const directory = newDirectory();
    const path = join(directory, 'x.age');
    writeFileSync(path, whole.subarray(0, length + 16 + 2 * 65_552));
    await expect(decryptWith(identityPath, path)).rejects.toMatchObject({ code: 'DECRYPT_FAILED' });
    expect(readdirSync(directory)).toEqual(['x.age']);
  });

  it('names a recipient that age does not take', async () => {
    await expect(encryptTo(['ssh-ed25519 AAAA'], randomBytes(1))).rejects.toMatchObject({
      code: 'AGE_KEY_INVALID',
      message: expect.stringContaining('does not take a recipient') as string,
    });
  });
});
