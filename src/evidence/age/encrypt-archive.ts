import { createHash, randomBytes } from 'node:crypto';
import { constants, open, statfs, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { storageError } from '../../custody/storage-error.js';
import { ExhibitError } from '../../model/errors.js';
import { removeFile } from '../private-files.js';
import { NONCE_BYTES, sealedPayloadBytes } from './age-format.js';
import type { AgeProgram } from './age-program.js';
import { ChunkCipher } from './chunk-cipher.js';
import { makeHeader, type AgeTarget, type MadeHeader } from './make-header.js';
import { readPayload } from './read-payload.js';
import { writeFully } from './write-fully.js';
import { writePayload } from './write-payload.js';

export interface EncryptArchiveOptions {
  /** The sealed archive. */
  readonly source: string;
  /** SHA-256 that it had when it was verified. */
  readonly sourceSha256: string;
  /** Where the encrypted file is written; must not exist, and is removed again when anything fails. */
  readonly partial: string;
  readonly target: AgeTarget;
  readonly program: AgeProgram;
  readonly signal?: AbortSignal | undefined;
  /** Bytes of plaintext that are through, and whether they are being written or read back. */
  readonly onProgress?: ((phase: 'encrypt' | 'read back', bytes: number) => void) | undefined;
}

export interface EncryptedArchive {
  readonly encryptedSha256: string;
  readonly sizeBytes: number;
}

const EXCLUSIVE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
const READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * Encrypts an archive and reads it back from the disk: every chunk is authenticated with the key that it was written with, which only
 * this call knows, and the plaintext must have the digest of the verified archive. So the ciphertext whose digest is returned is the one
 * that was written, and opens to what was sealed. Memory is bounded. Throws `SEAL_HASH_MISMATCH` when it is not so, `AGE_KEY_INVALID`,
 * `STORAGE_*`, and the signal's reason; then `partial` is gone and the source is as it was.
 */
export async function encryptArchive(options: EncryptArchiveOptions): Promise<EncryptedArchive> {
  const { source, partial, target, program } = options;
  const made = await makeHeader(target, program);
  let file: FileHandle | undefined;
  try {
    file = await open(source, READ);
    const { size } = await file.stat();
    await assertRoom(partial, size);
    const written = await open(partial, EXCLUSIVE, 0o600);
    try {
      await write({ ...options, made, file, size }, written);
      return await readBack(options, made);
    } catch (error) {
      await removeFile(partial);
      throw error;
    }
  } catch (error) {
    throw storageError(error, partial);
  } finally {
    made.fileKey.fill(0);
    await file?.close();
  }
}

interface WriteOptions extends EncryptArchiveOptions {
  readonly made: MadeHeader;
  readonly file: FileHandle;
  readonly size: number;
}

/** Closes `target`, too. */
async function write(options: WriteOptions, target: FileHandle): Promise<void> {
  const { made, file, size, source, signal, onProgress } = options;
  const nonce = randomBytes(NONCE_BYTES);
  const beginning = Buffer.concat([made.bytes, nonce]);
  try {
    await writeFully(target, beginning, 0);
    await writePayload({
      source: file,
      sourcePath: source,
      sizeBytes: size,
      target,
      position: beginning.length,
      cipher: new ChunkCipher(made.fileKey, nonce),
      signal,
      onProgress: (bytes) => onProgress?.('encrypt', bytes),
    });
    await target.sync();
  } finally {
    await target.close();
  }
}

async function readBack(options: EncryptArchiveOptions, made: MadeHeader): Promise<EncryptedArchive> {
  const { partial, sourceSha256, signal, onProgress } = options;
  const file = await open(partial, READ);
  try {
    const { size } = await file.stat();
    const from = made.bytes.length + NONCE_BYTES;
    const beginning = Buffer.alloc(from);
    await file.read(beginning, 0, from, 0);
    if (!beginning.subarray(0, made.bytes.length).equals(made.bytes)) throw notWhatWasWritten(partial);
    const sealed = createHash('sha256').update(beginning);
    const plain = createHash('sha256');
    let bytes = 0;
    await readPayload({
      file,
      path: partial,
      from,
      to: size,
      cipher: new ChunkCipher(made.fileKey, beginning.subarray(made.bytes.length)),
      onSealed: (batch) => sealed.update(batch),
      onPlain: (chunk) => {
        plain.update(chunk);
        bytes += chunk.length;
        onProgress?.('read back', bytes);
      },
      signal,
    });
    if (plain.digest('hex') !== sourceSha256) throw notWhatWasSealed(options.source);
    return { encryptedSha256: sealed.digest('hex'), sizeBytes: size };
  } catch (error) {
    if (error instanceof ExhibitError && error.code === 'DECRYPT_FAILED') throw notWhatWasWritten(partial, error);
    throw error;
  } finally {
    await file.close();
  }
}

function notWhatWasWritten(path: string, cause?: unknown): ExhibitError {
  return new ExhibitError('SEAL_HASH_MISMATCH', 'the encrypted archive is not what was written when it is read back', {
    subject: path,
    safe: 'The sealed archive is as it was.',
    cause,
  });
}

function notWhatWasSealed(path: string): ExhibitError {
  return new ExhibitError('SEAL_HASH_MISMATCH', 'the archive changed between its verification and its encryption', {
    subject: path,
    hints: [`exhibit verify ${path}`],
    safe: 'The spool is as it was, and no encrypted file was made.',
  });
}

async function assertRoom(partial: string, size: number): Promise<void> {
  const directory = dirname(partial);
  const { bavail, bsize } = await statfs(directory);
  const needed = sealedPayloadBytes(size);
  if (bavail * bsize >= needed) return;
  throw new ExhibitError(
    'STORAGE_FULL',
    `the encrypted archive needs ${String(needed)} bytes, and ${String(bavail * bsize)} are free`,
    { subject: directory, safe: 'The sealed archive is as it was.', hints: [`df -h ${directory}`] },
  );
}
