import type { FileHandle } from 'node:fs/promises';
import { storageError } from '../../custody/storage-error.js';
import { openRegularFile } from '../open-archive.js';
import { NONCE_BYTES, plainPayloadBytes } from './age-format.js';
import { readAgeHeader, type AgeHeader } from './age-header.js';
import { decryptFailed } from './decrypt-failed.js';

/** An age file whose header was read, and whose payload has a size that a payload can have. */
export interface AgeFile {
  readonly file: FileHandle;
  /** Of the whole file. */
  readonly sizeBytes: number;
  readonly header: AgeHeader;
  readonly plainBytes: number;
}

/** The caller closes the file. Throws `DECRYPT_FAILED`, `STORAGE_*`, and as `openRegularFile`. */
export async function openAgeFile(path: string): Promise<AgeFile> {
  const { file, sizeBytes } = await openRegularFile(path);
  try {
    const header = await readAgeHeader(file, path);
    const plainBytes = plainPayloadBytes(sizeBytes - header.bytes.length - NONCE_BYTES);
    if (plainBytes === null || plainBytes < 0)
      throw decryptFailed(path, 'its size is that of no age file: it was cut off, or its last chunk is empty');
    return { file, sizeBytes, header, plainBytes };
  } catch (error) {
    await file.close();
    throw storageError(error, path);
  }
}

/** What stands before the payload: header and nonce. */
export async function payloadBeginning({ file, header }: Pick<AgeFile, 'file' | 'header'>): Promise<{
  readonly bytes: Buffer;
  readonly nonce: Buffer;
}> {
  const nonce = Buffer.alloc(NONCE_BYTES);
  await file.read(nonce, 0, NONCE_BYTES, header.bytes.length);
  return { bytes: Buffer.concat([header.bytes, nonce]), nonce };
}
