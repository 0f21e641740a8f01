import { readReceiptFile } from '../evidence/receipt-file.js';
import { ExhibitError } from '../model/errors.js';
import type { Receipt } from '../model/exhibit.js';

/** A receipt that the user names, and that must therefore be there. Throws `USAGE_INVALID` for what cannot be read or is none. */
export async function readGivenReceipt(path: string): Promise<Receipt> {
  const receipt = await readReceiptFile(path);
  if (receipt !== null) return receipt;
  throw new ExhibitError('USAGE_INVALID', 'The receipt cannot be read (ENOENT).', { subject: path });
}
