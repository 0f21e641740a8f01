import { readLines } from '../lib/read-lines.js';
import { storageError } from '../custody/storage-error.js';
import type { SpoolLayout } from './spool-layout.js';

/** A quotation mark inside a name is escaped, so these bytes are the member and nothing else. */
const SECRET = Buffer.from('"sensitivity":"secret"');

/** Items of sensitivity `secret` in a spool: what `secretItems` would count in its archive, without unpacking it. Throws `STORAGE_FAILED`. */
export async function spooledSecrets({ items }: SpoolLayout): Promise<number> {
  let secret = 0;
  try {
    for await (const { line } of readLines(items)) if (line.includes(SECRET)) secret += 1;
  } catch (error) {
    throw storageError(error, items);
  }
  return secret;
}
