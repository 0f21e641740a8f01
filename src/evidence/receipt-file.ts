import { constants, open, type FileHandle } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { parseJson } from '../lib/untyped.js';
import { errnoOf, ExhibitError } from '../model/errors.js';
import { receiptSchema, type Receipt } from '../model/exhibit.js';

const MAX_RECEIPT_BYTES = 64 * 1024;
/** Ten seconds for whoever writes into a pipe. */
const WAIT_MS = 20;
const MAX_WAITS = 500;

/** A receipt from wherever it was kept, a file or a pipe; `null` when there is no such file. Throws `USAGE_INVALID` for what is none. */
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
      return await readUpTo(file, MAX_RECEIPT_BYTES + 1);
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

/** To the end of a file or a pipe, or to the bound. Whoever writes into a pipe is waited for, not for ever. */
async function readUpTo(file: FileHandle, maxBytes: number): Promise<Buffer> {
  const buffer = Buffer.alloc(maxBytes);
  let filled = 0;
  let waits = 0;
  while (filled < maxBytes) {
    try {
      const { bytesRead } = await file.read(buffer, filled, maxBytes - filled, null);
      if (bytesRead === 0) break;
      filled += bytesRead;
    } catch (error) {
      if (errnoOf(error) !== 'EAGAIN' || waits >= MAX_WAITS) throw error;
      waits += 1;
      await setTimeout(WAIT_MS);
    }
  }
  return buffer.subarray(0, filled);
}
