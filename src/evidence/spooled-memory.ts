import { readLines } from '../lib/read-lines.js';
import { storageError } from '../custody/storage-error.js';
import type { SpoolLayout } from './spool-layout.js';

/** A quotation mark inside a name is escaped, so these bytes are the member and nothing else. */
const SECRET = Buffer.from('"sensitivity":"secret"');
const OF_MEMORY = ['checkpoint', 'node-memory'].map((id) => Buffer.from(`"collector":"${id}"`));

/** Items of a spool that hold the memory of containers or nodes, whatever was in it. Throws `STORAGE_FAILED`. */
export async function spooledMemory({ items }: SpoolLayout): Promise<number> {
  let found = 0;
  try {
    for await (const { line } of readLines(items))
      if (line.includes(SECRET) && OF_MEMORY.some((mark) => line.includes(mark))) found += 1;
  } catch (error) {
    throw storageError(error, items);
  }
  return found;
}
