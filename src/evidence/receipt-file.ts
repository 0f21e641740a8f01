import { constants, open } from 'node:fs/promises';
import { parseJson } from '../lib/untyped.js';
import { errnoOf, ExhibitError } from '../model/errors.js';
import { receiptSchema, type Receipt } from '../model/exhibit.js';

const MAX_RECEIPT_BYTES = 64 * 1024;

/** A receipt from wherever it was kept; `null` when there is no such file. Throws `USAGE_INVALID` for what is none. */
export async function readReceiptFile(path: string): Promise<Receipt | null> {
  const body = await readBounded(path);
  if (body === null) return null;
  const parsed = receiptSchema.safeParse(body.length > MAX_RECEIPT_BYTES ? undefined : parseJson(body));
  if (parsed.success) return parsed.data;
  throw new ExhibitError('USAGE_INVALID', 'The file is no receipt of exhibit/1.', { subject: path });
}

async function readBounded(path: string): Promise<Buffer | null> {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const buffer = Buffer.alloc(MAX_RECEIPT_BYTES + 1);
      const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    throw new ExhibitError('USAGE_INVALID', `The receipt cannot be read (${errnoOf(error) ?? 'unknown error'}).`, {
      subject: path,
      cause: error,
    });
  }
}
