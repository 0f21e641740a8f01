import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { armor, Encrypter } from 'age-encryption';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ageKey, passphrasesOf } from '../../../test/fakes/age-world.js';
import { ExhibitError } from '../../model/errors.js';
import { parseIdentityFile, readIdentities } from './identities.js';

const key = await ageKey();
const hybrid = await ageKey('post-quantum');
const directory = mkdtempSync(join(tmpdir(), 'exhibit-identities-'));

function write(name: string, bytes: string | Uint8Array): string {
  const path = join(directory, name);
  writeFileSync(path, bytes);
  return path;
}

async function encrypted(text: string, passphrase: string): Promise<Uint8Array> {
  const encrypter = new Encrypter();
  encrypter.setPassphrase(passphrase);
  encrypter.setScryptWorkFactor(10);
  return await encrypter.encrypt(text);
}

describe('readIdentities', () => {
  it('reads native keys between comments and empty lines, from several files', async () => {
    const both = write('both', `# mine\r\n\r\n${key.identity}\r\n  ${hybrid.identity}  \n`);
    await expect(readIdentities([both, key.identityPath], passphrasesOf())).resolves.toEqual({
      native: [key.identity, hybrid.identity, key.identity],
      forProgram: [],
    });
  });

  it('leaves ssh keys and plugins to the program', async () => {
    const ssh = write('id_ed25519', '-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n');
    const plugin = write('yubikey', '# a key\nAGE-PLUGIN-YUBIKEY-1QQQQ\n');
    await expect(readIdentities([ssh, plugin], passphrasesOf())).resolves.toEqual({
      native: [],
      forProgram: [ssh, plugin],
    });
  });

  it('opens a file that is encrypted with a passphrase, armored or not', async () => {
    const bytes = await encrypted(`${key.identity}\n`, 'open sesame');
    const binary = write('binary.age', bytes);
    const armored = write('armored.age', armor.encode(bytes));
    const passphrases = passphrasesOf('wrong', 'open sesame', 'open sesame');
    const { native } = await readIdentities([binary, armored], passphrases);
    expect(native).toEqual([key.identity, key.identity]);
    expect(passphrases.asked).toEqual([`the identity ${binary}`, `the identity ${binary}`, `the identity ${armored}`]);
    await expect(readIdentities([binary], passphrasesOf('wrong'))).rejects.toMatchObject({ code: 'AGE_KEY_INVALID' });
  });

  it.each([
    ['nothing', ''],
    ['comments only', '# public key: age1\n'],
    ['another kind of text', 'hello\n'],
    ['a public key', `${key.recipient}\n`],
    ['a damaged key', `${key.identity.slice(0, -1)}${key.identity.endsWith('Q') ? 'P' : 'Q'}\n`],
    ['a damaged armor', '-----BEGIN AGE ENCRYPTED FILE-----\n!!!\n-----END AGE ENCRYPTED FILE-----\n'],
    ['a damaged encrypted file', 'age-encryption.org/v1\n'],
  ])('refuses %s and repeats nothing of it', async (_what, text) => {
    const path = write('bad', text);
    const error: unknown = await readIdentities([path], passphrasesOf('x')).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'AGE_KEY_INVALID', exitCode: 2, subject: path });
    expect(`${JSON.stringify(error)}${(error as Error).stack ?? ''}`).not.toContain(key.identity.slice(16, 40));
    expect((error as Error).cause).toBeUndefined();
  });

  it('refuses what is missing, a folder, and a file that is far too long', async () => {
    for (const path of [join(directory, 'missing'), directory, write('long', Buffer.alloc(300_000, 'A'))])
      await expect(readIdentities([path], passphrasesOf())).rejects.toMatchObject({ code: 'AGE_KEY_INVALID' });
  });

  it('takes or refuses whatever text it is given', () => {
    const line = fc.oneof(fc.constantFrom(key.identity, '# x', '', 'AGE-PLUGIN-X-1', 'AGE-SECRET-KEY-1'), fc.string());
    fc.assert(
      fc.property(fc.array(line, { maxLength: 6 }), (lines) => {
        try {
          const found = parseIdentityFile(lines.join('\n'), 'file');
          expect(found === 'for the program' || found.every((one) => one === key.identity)).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(ExhibitError);
        }
      }),
    );
  });
});
