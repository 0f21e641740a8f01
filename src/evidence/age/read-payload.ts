import type { FileHandle } from 'node:fs/promises';
import { BATCH_CHUNKS, SEALED_CHUNK_BYTES, TAG_BYTES } from './age-format.js';
import type { ChunkCipher } from './chunk-cipher.js';
import { decryptFailed } from './decrypt-failed.js';
import { fileBatches } from './file-batches.js';

export interface ReadPayloadOptions {
  readonly file: FileHandle;
  readonly path: string;
  /** Where the payload begins. */
  readonly from: number;
  /** Size of the whole file. */
  readonly to: number;
  readonly cipher: ChunkCipher;
  /** The bytes of the file as they stand there, batch by batch, before they are decrypted. */
  readonly onSealed?: (bytes: Buffer) => void;
  /** Authenticated plaintext; that it is all of it is known only when `readPayload` has returned. */
  readonly onPlain: (bytes: Buffer) => void | Promise<void>;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The authenticated plaintext of a payload, chunk by chunk; that it is all of it is known only when it has ended. Throws `DECRYPT_FAILED`
 * where a chunk is not authentic, where the last one is missing, empty or not the last, and as `fileBatches`.
 */
export async function* plainChunks(options: Omit<ReadPayloadOptions, 'onPlain'>): AsyncGenerator<Buffer> {
  const { file, path, from, to, cipher, signal, onSealed } = options;
  const sizeBytes = to - from;
  const chunks = Math.ceil(sizeBytes / SEALED_CHUNK_BYTES);
  const lastBytes = sizeBytes - (chunks - 1) * SEALED_CHUNK_BYTES;
  if (chunks === 0) throw decryptFailed(path, 'it ends before its first chunk: it was cut off');
  if (lastBytes < TAG_BYTES) throw decryptFailed(path, 'it ends inside the tag of a chunk: it was cut off');
  if (lastBytes === TAG_BYTES && chunks > 1) throw decryptFailed(path, 'its last chunk is empty');
  let index = 0;
  const range = { from, to, batchBytes: BATCH_CHUNKS * SEALED_CHUNK_BYTES, path, signal };
  for await (const batch of fileBatches(file, range)) {
    onSealed?.(batch);
    const plain: Buffer[] = [];
    for (let at = 0; at < batch.length; at += SEALED_CHUNK_BYTES) {
      const sealed = batch.subarray(at, at + SEALED_CHUNK_BYTES);
      const place = { index, isLast: index === chunks - 1 };
      const opened = cipher.open(place, sealed);
      if (opened === null) throw decryptFailed(path, whyNot(cipher, place, sealed));
      plain.push(opened);
      index += 1;
    }
    yield* plain;
  }
}

/** Decrypts a payload to its end, as `plainChunks`. */
export async function readPayload({ onPlain, ...options }: ReadPayloadOptions): Promise<void> {
  for await (const bytes of plainChunks(options)) {
    const room = onPlain(bytes);
    if (room !== undefined) await room;
  }
}

/** A chunk that would do in the other place tells what happened to the file. */
function whyNot(cipher: ChunkCipher, { index, isLast }: { index: number; isLast: boolean }, sealed: Buffer): string {
  if (cipher.open({ index, isLast: !isLast }, sealed) === null)
    return `chunk ${String(index + 1)} is not what was encrypted: the file was changed, cut off or lengthened`;
  return isLast ? 'its last chunk is missing: it was cut off' : 'bytes follow after its last chunk';
}
