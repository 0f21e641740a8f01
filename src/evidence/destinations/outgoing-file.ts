import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { storageError } from '../../custody/storage-error.js';
import { ExhibitError } from '../../model/errors.js';
import type { OutgoingFile } from '../../ports/destination.js';
import { openRegularFile } from '../open-archive.js';

const CHUNK_BYTES = 1024 * 1024;

export interface OpenedFile {
  readonly file: OutgoingFile;
  close(): Promise<void>;
}

/**
 * Opens a file to be sent, once: what is sent, and checked while it is sent, is what was open, whatever happens to the path. `sha256` is
 * that of a check that came before; without it the file is hashed here. Throws `USAGE_INVALID`, `STORAGE_FAILED`, the signal's reason.
 */
export async function openOutgoingFile(
  path: string,
  options: { readonly name: string; readonly sha256?: string | undefined; readonly signal: AbortSignal },
): Promise<OpenedFile> {
  const { file: handle, sizeBytes } = await openRegularFile(path);
  const read = (buffer: Uint8Array, offset: number): Promise<number> => readFully(handle, path, { buffer, offset });
  try {
    const sha256 = options.sha256 ?? (await digestOf(read, options.signal));
    return { file: { name: options.name, sizeBytes, sha256, read }, close: () => handle.close() };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function readFully(
  handle: FileHandle,
  path: string,
  { buffer, offset }: { readonly buffer: Uint8Array; readonly offset: number },
): Promise<number> {
  try {
    let at = 0;
    while (at < buffer.length) {
      const { bytesRead } = await handle.read(buffer, at, buffer.length - at, offset + at);
      if (bytesRead === 0) break;
      at += bytesRead;
    }
    return at;
  } catch (error) {
    throw storageError(error, path);
  }
}

async function digestOf(read: OutgoingFile['read'], signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  for (let offset = 0; ;) {
    throwIfInterrupted(signal);
    const bytes = await read(buffer, offset);
    hash.update(buffer.subarray(0, bytes));
    offset += bytes;
    if (bytes < buffer.length) return hash.digest('hex');
  }
}

/** Throws the reason of an aborted signal. */
export function throwIfInterrupted(signal: AbortSignal): void {
  if (!signal.aborted) return;
  throw signal.reason instanceof ExhibitError ? signal.reason : new ExhibitError('INTERRUPTED', 'it was interrupted');
}
