import { open } from 'node:fs/promises';
import { fingerprintOf, parsePublicKeyLine } from '../evidence/ssh-public-key.js';
import { errnoOf, ExhibitError } from '../model/errors.js';

const MAX_BYTES = 16 * 1024;

/** At most 16 KiB of a file, or of standard input for `-`. */
async function readText(source: string): Promise<string> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  const file = source === '-' ? null : await open(source, 'r');
  const stream = file === null ? process.stdin : file.createReadStream();
  for await (const chunk of stream) {
    const bytes = Buffer.from(chunk as Buffer);
    sizeBytes += bytes.length;
    if (sizeBytes > MAX_BYTES)
      throw new ExhibitError('KEY_INVALID', 'this is too long to be a public key', { subject: source });
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('latin1');
}

/** The first public key line of an OpenSSH `.pub` file. Throws `KEY_INVALID`, also for a private key, whose text is never repeated. */
export async function readPublicKey(
  source: string,
): Promise<{ readonly publicKey: string; readonly fingerprint: string }> {
  let text: string;
  try {
    text = await readText(source);
  } catch (cause) {
    if (cause instanceof ExhibitError) throw cause;
    throw new ExhibitError('KEY_INVALID', `the public key cannot be read (${errnoOf(cause) ?? 'unknown error'})`, {
      subject: source,
      hints: ['exhibit key trust FILE.pub --principal WHO'],
      cause,
    });
  }
  if (text.includes('PRIVATE KEY')) {
    throw new ExhibitError('KEY_INVALID', 'this is a private key; trust needs the public half', {
      subject: source,
      hints: [`exhibit key trust ${source}.pub --principal WHO`],
    });
  }
  const [type = '', base64 = ''] = text.trim().split(/\s+/);
  const key = parsePublicKeyLine(`${type} ${base64}`);
  if (key === null)
    throw new ExhibitError('KEY_INVALID', 'this is no public key in OpenSSH format of a type that can be checked', {
      subject: source,
      hints: ['ssh-keygen -y -f KEY | exhibit key trust - --principal WHO'],
    });
  return { publicKey: `${type} ${base64}`, fingerprint: fingerprintOf(key.blob) };
}
