import { createHash } from 'node:crypto';
import { constants, open, type FileHandle } from 'node:fs/promises';
import { errnoOf, ExhibitError } from '../../model/errors.js';
import { isKrl, type Krl, KrlError, parseKrl } from './krl.js';

const MAX_FILE_BYTES = 4 * 1024 * 1024;

/** Keys that are not trusted whatever list names them. */
export interface RevokedKeys {
  /** Where the list came from, for people. */
  readonly source: string;
  /** Entries of the list that name keys. */
  readonly count: number;
  /** `keyBlob` is in OpenSSH's encoding. */
  has(keyBlob: Buffer): boolean;
}

const LINE = /^([a-z0-9@.-]{1,64})[ \t]+([A-Za-z0-9+/]+={0,2})(?:[ \t].*)?$/;

/** A key of any type, ours or not: the line must be well-formed, and its type the one that the key itself names. */
function keyOfLine(line: string): Buffer {
  const [, type = '', base64 = ''] = LINE.exec(line) ?? [];
  const blob = Buffer.from(base64, 'base64');
  const named = blob.length < 4 ? '' : blob.toString('latin1', 4, 4 + Math.min(blob.readUInt32BE(0), 64));
  if (type === '' || named !== type || blob.toString('base64').replace(/=+$/, '') !== base64.replace(/=+$/, ''))
    throw new KrlError('has a line that is no public key');
  return blob;
}

/** One public key a line, as `ssh-keygen -Y verify -r` takes it, too; a line that is none spoils the list there and here. */
function parseKeyLines(bytes: Buffer): Krl {
  const lines = bytes
    .toString('latin1')
    .split('\n')
    .map((line) => line.replace(/\r$/, '').replace(/^[ \t]+/, ''));
  const keys = lines.filter((line) => line !== '' && !line.startsWith('#')).map(keyOfLine);
  return { keys, sha1: [], sha256: [], certificateSections: 0 };
}

function setOf(entries: readonly Buffer[]): ReadonlySet<string> {
  return new Set(entries.map((entry) => entry.toString('base64')));
}

/**
 * A list of revoked keys, binary (KRL) or a text of public keys. `source` names it in errors. Throws `KEY_INVALID` for a list that is not
 * understood as a whole.
 */
export function parseRevokedKeys(bytes: Buffer, source: string): RevokedKeys {
  let krl: Krl;
  try {
    krl = isKrl(bytes) ? parseKrl(bytes) : parseKeyLines(bytes);
  } catch (error) {
    if (!(error instanceof KrlError)) throw error;
    throw new ExhibitError('KEY_INVALID', `The list of revoked keys cannot be used: it ${error.message}.`, {
      subject: source,
      hints: ['ssh-keygen -k -f REVOKED KEY.pub'],
    });
  }
  const [keys, sha1, sha256] = [setOf(krl.keys), setOf(krl.sha1), setOf(krl.sha256)];
  // eslint-disable-next-line no-restricted-syntax -- The format names keys by SHA-1, too; a collision could only revoke one key more.
  const sha1Of = (blob: Buffer): string => createHash('sha1').update(blob).digest('base64');
  return {
    source,
    count: krl.keys.length + krl.sha1.length + krl.sha256.length,
    has: (blob) =>
      keys.has(blob.toString('base64')) ||
      sha256.has(createHash('sha256').update(blob).digest('base64')) ||
      (sha1.size > 0 && sha1.has(sha1Of(blob))),
  };
}

async function readBounded(file: FileHandle, path: string): Promise<Buffer> {
  const stat = await file.stat();
  if (!stat.isFile() || stat.size > MAX_FILE_BYTES) {
    throw new ExhibitError('KEY_INVALID', 'The list of revoked keys is no file, or too large to be one.', {
      subject: path,
    });
  }
  const bytes = Buffer.alloc(stat.size);
  const { bytesRead } = await file.read(bytes, 0, bytes.length, 0);
  return bytes.subarray(0, bytesRead);
}

/** Reads a list of at most 4 MiB. Throws `KEY_INVALID`: missing, unreadable, not understood. */
export async function readRevokedKeys(path: string): Promise<RevokedKeys> {
  let file: FileHandle;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (cause) {
    throw new ExhibitError(
      'KEY_INVALID',
      `The list of revoked keys cannot be read (${errnoOf(cause) ?? 'unknown error'}).`,
      { subject: path, cause },
    );
  }
  try {
    return parseRevokedKeys(await readBounded(file, path), path);
  } finally {
    await file.close();
  }
}
