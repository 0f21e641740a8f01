import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';

/** Enough to read ahead, few enough to leave the disk to others. */
const BLOCK_BYTES = 1024 * 1024;

/** SHA-256 of all that a file holds, lower-case hex. Closes it, also when it throws a system error. */
export async function wholeFileSha256(file: FileHandle): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(file.createReadStream({ highWaterMark: BLOCK_BYTES }), hash);
  return hash.digest('hex');
}
