import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { storageError } from '../../custody/storage-error.js';
import type { ExhibitError } from '../../model/errors.js';
import { startAge, type AgeProgram } from './age-program.js';
import { decryptFailed } from './decrypt-failed.js';
import { fileBatches } from './file-batches.js';
import type { Quarantine } from './quarantine.js';

export interface DecryptWithProgramOptions {
  readonly file: FileHandle;
  readonly path: string;
  readonly sizeBytes: number;
  /** What the program must write, neither more nor less. */
  readonly plainBytes: number;
  /** Absolute paths. */
  readonly identityPaths: readonly string[];
  readonly program: AgeProgram;
  readonly quarantine: Quarantine;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((bytes: number) => void) | undefined;
}

const BATCH_BYTES = 1024 * 1024;

/**
 * Lets the program `age` decrypt, for keys that only it can use. The file goes through its standard input and is hashed on the way; it
 * counts as decrypted when the program has ended well and has written every byte. Throws `DECRYPT_FAILED`, `AGE_KEY_INVALID`.
 */
export async function decryptWithProgram(
  options: DecryptWithProgramOptions,
): Promise<{ readonly encryptedSha256: string; readonly containerSha256: string }> {
  const { path, plainBytes, identityPaths, quarantine, onProgress } = options;
  const program = { ...options.program, signal: options.signal };
  const args = ['-d', ...identityPaths.flatMap((identity) => ['-i', identity])];
  const { child, ended } = startAge(program, args, (why) => decryptFailed(path, `the program age says: ${why}`));
  const sealed = createHash('sha256');
  const plain = createHash('sha256');
  let bytes = 0;
  let feedError: ExhibitError | undefined;
  const feeding = feed(options, child.stdin, (batch) => sealed.update(batch)).catch((error: unknown) => {
    feedError = storageError(error, path);
    child.kill('SIGKILL');
  });
  try {
    for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > plainBytes) throw decryptFailed(path, 'the program age wrote more than the file can hold');
      plain.update(chunk);
      await quarantine.write(chunk);
      onProgress?.(bytes);
    }
    await feeding;
    if (feedError !== undefined) throw feedError;
    await ended;
    if (bytes !== plainBytes) throw decryptFailed(path, 'the program age wrote less than the file holds');
    return { encryptedSha256: sealed.digest('hex'), containerSha256: plain.digest('hex') };
  } finally {
    child.kill('SIGKILL');
  }
}

/** Ends early when the program does: how it ended tells why. */
async function feed(
  { file, path, sizeBytes, signal }: DecryptWithProgramOptions,
  input: Writable,
  onBatch: (batch: Buffer) => void,
): Promise<void> {
  const range = { from: 0, to: sizeBytes, batchBytes: BATCH_BYTES, path, signal };
  for await (const batch of fileBatches(file, range)) {
    if (!input.writable) return;
    onBatch(batch);
    // A copy: the batch is used again before the pipe has taken it.
    if (!input.write(Buffer.from(batch))) await taken(input);
  }
  input.end();
}

/** Resolves when the pipe has room again or is gone; its errors are heard elsewhere. */
async function taken(input: Writable): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = (): void => {
      input.off('drain', done);
      input.off('close', done);
      resolve();
    };
    input.on('drain', done);
    input.on('close', done);
  });
}
