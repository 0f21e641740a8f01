import { constants, open } from 'node:fs/promises';
import { errnoOf, ExhibitError } from '../../model/errors.js';

export type RecipientKind = 'X25519' | 'post-quantum' | 'ssh';

export interface AgeRecipient {
  readonly kind: RecipientKind;
  /** The public key: `age1...`, or `ssh-ed25519 AAAA...` without its comment. */
  readonly text: string;
}

const MAX_FILE_BYTES = 256 * 1024;
const MAX_RECIPIENTS = 100;
/** The letters of bech32; a post-quantum recipient has a second `1`. */
const NATIVE = /^age1(?:pq1)?[02-9ac-hj-np-z]+$/;
const HYBRID_PREFIX = 'age1pq1';
const X25519_CHARACTERS = 62;
const SSH = /^(ssh-ed25519|ssh-rsa) ([A-Za-z0-9+/]+={0,2})(?: .*)?$/;
const IDENTITY = /AGE-SECRET-KEY-|AGE-PLUGIN-|PRIVATE KEY/i;

function invalid(
  message: string,
  subject: string,
  hints: readonly string[] = ['age-keygen -y IDENTITYFILE'],
): ExhibitError {
  return new ExhibitError('AGE_KEY_INVALID', message, { subject, hints });
}

/** One recipient; `null` for text that is none of a kind that we know. */
export function parseRecipient(text: string): AgeRecipient | null {
  const [, type, base64] = SSH.exec(text) ?? [];
  if (type !== undefined && base64 !== undefined) return { kind: 'ssh', text: `${type} ${base64}` };
  if (!NATIVE.test(text)) return null;
  if (text.startsWith(HYBRID_PREFIX)) return { kind: 'post-quantum', text };
  return text.length === X25519_CHARACTERS ? { kind: 'X25519', text } : null;
}

/**
 * Recipients as they were given: each a public key or the path of a file with one a line (`#` begins a comment, as for `age -R`). Twice
 * the same counts once. Throws `AGE_KEY_INVALID`, also for a mixture with post-quantum recipients, which would protect no better than
 * the others do; never repeats what looks like a private key.
 */
export async function readRecipients(given: readonly string[]): Promise<readonly AgeRecipient[]> {
  const found = new Map<string, AgeRecipient>();
  for (const one of given) {
    for (const recipient of await recipientsOf(one)) found.set(recipient.text, recipient);
  }
  const recipients = [...found.values()];
  if (recipients.length > MAX_RECIPIENTS)
    throw invalid(`There are more than ${String(MAX_RECIPIENTS)} recipients.`, String(recipients.length));
  const kinds = new Set(recipients.map(({ kind }) => kind));
  if (kinds.has('post-quantum') && kinds.size > 1) {
    throw invalid(
      'Post-quantum recipients cannot be mixed with others: whoever breaks one of the others reads it all.',
      [...kinds].join(', '),
      ['age-keygen -pq -o FILE'],
    );
  }
  return recipients;
}

async function recipientsOf(given: string): Promise<readonly AgeRecipient[]> {
  if (IDENTITY.test(given)) throw privateKey('--encrypt-to');
  if (/^(?:age1|ssh-[a-z0-9]+ )/.test(given)) {
    const recipient = parseRecipient(given);
    if (recipient !== null) return [recipient];
    throw invalid('This is not a recipient: X25519, post-quantum, ssh-ed25519 and ssh-rsa are known.', given);
  }
  return parseRecipientFile(await readText(given), given);
}

/** The recipients of a file's text. Throws as `readRecipients`. */
export function parseRecipientFile(text: string, path: string): readonly AgeRecipient[] {
  if (IDENTITY.test(text)) throw privateKey(path);
  const recipients = text
    .split(/\r?\n/)
    .map((line, index) => ({ line: line.trim(), number: index + 1 }))
    .filter(({ line }) => line !== '' && !line.startsWith('#'))
    .map(({ line, number }) => {
      const recipient = parseRecipient(line);
      if (recipient !== null) return recipient;
      throw invalid(`Line ${String(number)} of the file is not a recipient that can be used.`, path);
    });
  if (recipients.length === 0) throw invalid('The file names no recipient.', path);
  return recipients;
}

function privateKey(subject: string): ExhibitError {
  return invalid(
    'This is a private key. Encrypt to its public half, and keep the private one off this machine.',
    subject,
  );
}

async function readText(path: string): Promise<string> {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const stats = await file.stat();
      if (!stats.isFile() || stats.size > MAX_FILE_BYTES)
        throw invalid('A file of recipients is a small regular file.', path);
      return await file.readFile('latin1');
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof ExhibitError) throw error;
    throw new ExhibitError(
      'AGE_KEY_INVALID',
      `Neither a recipient nor a file of recipients that can be read (${errnoOf(error) ?? 'unknown error'}).`,
      { subject: path, hints: ['age-keygen -y IDENTITYFILE'], cause: error },
    );
  }
}
