import type { FileHandle } from 'node:fs/promises';
import { ExhibitError } from '../../model/errors.js';

export interface BatchOptions {
  readonly from: number;
  /** Up to where; the size that the file had when it was opened. */
  readonly to: number;
  readonly batchBytes: number;
  readonly path: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The bytes of a file in batches of `batchBytes`, the last one shorter; the next is read while one is in use. A batch is valid until the
 * next but one. Nothing is yielded for an empty range. Throws `STORAGE_FAILED` for a file that is shorter or longer than `to`, the
 * signal's reason, and system errors.
 */
export async function* fileBatches(file: FileHandle, options: BatchOptions): AsyncGenerator<Buffer> {
  const { from, to, batchBytes, path, signal } = options;
  const buffers = [Buffer.allocUnsafeSlow(batchBytes), Buffer.allocUnsafeSlow(batchBytes)] as const;
  let at = from;
  const next = async (turn: number): Promise<Buffer> =>
    await readFully(file, buffers[turn % 2 === 0 ? 0 : 1].subarray(0, Math.min(batchBytes, to - at)), at);
  let coming = next(0);
  for (let turn = 1; at < to; turn += 1) {
    interrupted(signal);
    const batch = await coming;
    at += batch.length;
    if (batch.length === 0 || (batch.length < batchBytes && at < to)) throw changed(path);
    coming = next(turn);
    // Read ahead: its failure is noticed when its turn comes, also when the caller fails first.
    coming.catch(() => undefined);
    yield batch;
  }
  await coming;
  if ((await readFully(file, Buffer.alloc(1), to)).length > 0) throw changed(path);
}

async function readFully(file: FileHandle, target: Buffer, position: number): Promise<Buffer> {
  let filled = 0;
  while (filled < target.length) {
    const { bytesRead } = await file.read(target, filled, target.length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return target.subarray(0, filled);
}

function changed(path: string): ExhibitError {
  return new ExhibitError('STORAGE_FAILED', 'the file changed its size while it was read', { subject: path });
}

function interrupted(signal: AbortSignal | undefined): void {
  if (signal?.aborted !== true) return;
  throw signal.reason instanceof ExhibitError ? signal.reason : new ExhibitError('INTERRUPTED', 'it was interrupted');
}
