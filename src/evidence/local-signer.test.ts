import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LOCKED_KEY, LOCKED_KEY_PASSPHRASE, LOCKED_KEY_PUBLIC } from '../../test/fakes/locked-key.js';
import type { PassphraseSource } from '../ports/passphrase-source.js';
import { createLocalKey, isLockedKey, loadLocalSigner } from './local-signer.js';
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

  const answering = (...answers: string[]): PassphraseSource & { readonly asked: string[]; given: Buffer[] } => {
    const [asked, given]: [string[], Buffer[]] = [[], []];
    const read = async (purpose: string): Promise<Buffer> => {
      const answer = Buffer.from(answers[asked.length] ?? '');
      asked.push(purpose);
      given.push(answer);
      return answer;
    };
    return { maxTries: 3, asked, given, read };
  };

  it('asks for the passphrase of a locked key only, again when it was wrong, and forgets what was typed', async () => {
    const open = join(directory, 'open');
    await createLocalKey({ privatePath: open, comment: '' });
    await mkdir(join(directory, 'keys'));
    await writeFile(path, LOCKED_KEY, { mode: 0o600 });
    expect([await isLockedKey(open), await isLockedKey(path)]).toEqual([false, true]);
    const source = answering('wrong', '', LOCKED_KEY_PASSPHRASE);
    expect((await loadLocalSigner(path, source)).publicKey).toBe(LOCKED_KEY_PUBLIC);
    expect(source.asked).toEqual([path, `${path} (again, that was wrong)`, `${path} (again, that was wrong)`]);
    expect(source.given.every((bytes) => bytes.every((byte) => byte === 0))).toBe(true);
    const unasked = answering();
    await loadLocalSigner(open, unasked);
    expect(unasked.asked).toEqual([]);
  });

  it('gives up after as many wrong passphrases as the source allows', async () => {
    await mkdir(join(directory, 'keys'));
    await writeFile(path, LOCKED_KEY, { mode: 0o600 });
    const three = answering('a', 'b', 'c', LOCKED_KEY_PASSPHRASE);
    await expect(loadLocalSigner(path, three)).rejects.toMatchObject({ code: 'PASSPHRASE_WRONG', subject: path });
    expect(three.asked).toHaveLength(3);
    const once = { ...answering('a', LOCKED_KEY_PASSPHRASE), maxTries: 1 };
    await expect(loadLocalSigner(path, once)).rejects.toMatchObject({ code: 'PASSPHRASE_WRONG' });
    await expect(loadLocalSigner(path)).rejects.toMatchObject({ code: 'DECLINED' });
  });

  it('opens with its passphrase the key that createLocalKey locked with it', async () => {
    const made = await createLocalKey({ privatePath: path, comment: '', passphrase: Buffer.from('p') });
    expect((await loadLocalSigner(path, answering('p'))).publicKey).toBe(made.publicKey);
  });

  it.each([0, 1025])('makes no key with a passphrase of %i bytes', async (length) => {
    const making = createLocalKey({ privatePath: path, comment: '', passphrase: Buffer.alloc(length, 'x') });
    await expect(making).rejects.toMatchObject({ code: 'USAGE_INVALID' });
    await expect(stat(path)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
