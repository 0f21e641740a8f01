import { constants, open } from 'node:fs/promises';
import { armor, Decrypter } from 'age-encryption';
import { errnoOf, ExhibitError } from '../../model/errors.js';
import type { PassphraseSource } from '../../ports/passphrase-source.js';
import { AGE_VERSION_LINE } from './age-format.js';

/** What can open files. */
export interface Identities {
  /** `AGE-SECRET-KEY-...`; never shown, logged or repeated. */
  readonly native: readonly string[];
  /** Absolute paths of files that only the program `age` can use: ssh private keys and plugin identities. */
  readonly forProgram: readonly string[];
}

const MAX_FILE_BYTES = 256 * 1024;
const MAX_IDENTITIES = 1000;
const ARMOR = '-----BEGIN AGE ENCRYPTED FILE-----';
const NATIVE = /^AGE-SECRET-KEY-(?:PQ-)?1[A-Z0-9]+$/;

/**
 * Reads identity files as `age -i` does: native keys, one a line, `#` begins a comment; files that are encrypted with a passphrase, which
 * is asked for; ssh private keys and plugin identities, which are left to the program. Throws `AGE_KEY_INVALID` naming file and line,
 * never what stands there.
 */
export async function readIdentities(paths: readonly string[], passphrases: PassphraseSource): Promise<Identities> {
  const native: string[] = [];
  const forProgram: string[] = [];
  for (const path of paths) {
    const bytes = await readIdentityFile(path);
    const text = isEncrypted(bytes) ? await decrypted(bytes, path, passphrases) : bytes.toString('latin1');
    const found = parseIdentityFile(text, path);
    if (found === 'for the program') forProgram.push(path);
    else native.push(...found);
  }
  if (native.length > MAX_IDENTITIES) throw invalid(`There are more than ${String(MAX_IDENTITIES)} identities.`, '');
  return { native, forProgram };
}

/** The native keys of a file's text. Throws as `readIdentities`. */
export function parseIdentityFile(text: string, path: string): readonly string[] | 'for the program' {
  if (/^-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) return 'for the program';
  const lines = text
    .split(/\r?\n/)
    .map((line, index) => ({ line: line.trim(), number: index + 1 }))
    .filter(({ line }) => line !== '' && !line.startsWith('#'));
  if (lines.some(({ line }) => line.startsWith('AGE-PLUGIN-'))) return 'for the program';
  if (lines.length === 0) throw invalid('The file holds no identity.', path);
  for (const { line, number } of lines) {
    if (!NATIVE.test(line) || !isWhole(line))
      throw invalid(`Line ${String(number)} of the file is not an identity of age.`, path);
  }
  return lines.map(({ line }) => line);
}

/** The checksum of the key is looked at when it is added. The library's words may hold the key: they are dropped. */
function isWhole(line: string): boolean {
  try {
    new Decrypter().addIdentity(line);
    return true;
  } catch {
    return false;
  }
}

function isEncrypted(bytes: Buffer): boolean {
  const beginning = bytes.toString('latin1', 0, 64).trimStart();
  return beginning.startsWith(AGE_VERSION_LINE) || beginning.startsWith(ARMOR);
}

async function decrypted(bytes: Buffer, path: string, passphrases: PassphraseSource): Promise<string> {
  const file = unarmored(bytes, path);
  for (let tries = 1; ; tries += 1) {
    const passphrase = await passphrases.read(`the identity ${path}`);
    try {
      const decrypter = new Decrypter();
      decrypter.addPassphrase(passphrase.toString('utf8'));
      return Buffer.from(await decrypter.decrypt(file)).toString('latin1');
    } catch {
      if (tries >= passphrases.maxTries)
        throw invalid('The identity file is encrypted, and the passphrase does not open it.', path);
    } finally {
      passphrase.fill(0);
    }
  }
}

function unarmored(bytes: Buffer, path: string): Uint8Array {
  const text = bytes.toString('latin1');
  if (!text.trimStart().startsWith(ARMOR)) return bytes;
  try {
    return armor.decode(text);
  } catch {
    throw invalid('The armor of the encrypted identity file is damaged.', path);
  }
}

async function readIdentityFile(path: string): Promise<Buffer> {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const stats = await file.stat();
      if (!stats.isFile() || stats.size > MAX_FILE_BYTES) throw invalid('An identity is a small regular file.', path);
      return await file.readFile();
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof ExhibitError) throw error;
    const why = errnoOf(error) ?? 'unknown error';
    throw new ExhibitError('AGE_KEY_INVALID', `The identity file cannot be read (${why}).`, {
      subject: path,
      hints: [`ls -l ${path}`],
      cause: error,
    });
  }
}

function invalid(message: string, subject: string): ExhibitError {
  return new ExhibitError('AGE_KEY_INVALID', message, { subject, hints: ['age-keygen -o FILE'] });
}
