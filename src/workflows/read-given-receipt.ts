import { open } from 'node:fs/promises';
import { parseJson } from '../lib/untyped.js';
import { errnoOf, ExhibitError } from '../model/errors.js';
import { receiptSchema } from '../model/exhibit.js';
import type { Receipt } from '../model/exhibit.js';

const MAX_RECEIPT_BYTES = 64 * 1024;

/** A receipt that the user names. Throws `USAGE_INVALID` for what cannot be read or is none. */
export async function readGivenReceipt(path: string): Promise<Receipt> {
  const parsed = receiptSchema.safeParse(parseJson(await readStart(path)));
  if (!parsed.success)
    throw new ExhibitError('USAGE_INVALID', 'the file given as receipt is no receipt of exhibit/1', { subject: path });
  return parsed.data;
}

/** Not more of the file than a receipt may have; a longer one is cut, and then none. */
async function readStart(path: string): Promise<Buffer> {
  try {
    const file = await open(path, 'r');
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_RECEIPT_BYTES), 0, MAX_RECEIPT_BYTES, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw new ExhibitError('USAGE_INVALID', `the receipt cannot be read: ${errnoOf(error) ?? 'unknown error'}`, {
      subject: path,
      cause: error,
    });
  }
}
