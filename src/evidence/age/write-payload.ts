import type { FileHandle } from 'node:fs/promises';
import { BATCH_CHUNKS, CHUNK_BYTES, SEALED_CHUNK_BYTES } from './age-format.js';
import type { ChunkCipher } from './chunk-cipher.js';
import { fileBatches } from './file-batches.js';
import { writeFully } from './write-fully.js';

export interface WritePayloadOptions {
  readonly source: FileHandle;
  readonly sourcePath: string;
  readonly sizeBytes: number;
  readonly target: FileHandle;
  /** Where the payload begins in the target. */
  readonly position: number;
  readonly cipher: ChunkCipher;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((bytes: number) => void) | undefined;
}

/** Encrypts a whole file, one batch being written while the next is encrypted. Memory is two batches on either side, whatever the size. */
export async function writePayload(options: WritePayloadOptions): Promise<void> {
  const { source, sourcePath, sizeBytes, target, cipher, signal, onProgress } = options;
  const sealed = [batchBuffer(), batchBuffer()] as const;
  const chunks = Math.max(1, Math.ceil(sizeBytes / CHUNK_BYTES));
  let index = 0;
  let position = options.position;
  let writing: Promise<void> = Promise.resolve();
  const add = async (batch: Buffer, buffer: Buffer): Promise<void> => {
    let filled = 0;
    for (let at = 0; at === 0 || at < batch.length; at += CHUNK_BYTES) {
      const place = { index, isLast: index === chunks - 1 };
      filled += cipher.seal(place, batch.subarray(at, at + CHUNK_BYTES), buffer.subarray(filled));
      index += 1;
    }
    await writing;
    writing = writeFully(target, buffer.subarray(0, filled), position);
    // Noticed at the next batch or at the end.
    writing.catch(() => undefined);
    position += filled;
  };
  try {
    let turn = 0;
    const range = { from: 0, to: sizeBytes, batchBytes: BATCH_CHUNKS * CHUNK_BYTES, path: sourcePath, signal };
    for await (const batch of fileBatches(source, range)) {
      await add(batch, sealed[turn % 2 === 0 ? 0 : 1]);
      turn += 1;
      onProgress?.(index * CHUNK_BYTES);
    }
    if (sizeBytes === 0) await add(Buffer.alloc(0), sealed[0]);
  } finally {
    await writing;
  }
}

function batchBuffer(): Buffer {
  return Buffer.allocUnsafeSlow(BATCH_CHUNKS * SEALED_CHUNK_BYTES);
}
