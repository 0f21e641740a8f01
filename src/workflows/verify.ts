import { readFile } from 'node:fs/promises';
import { errnoOf, ExhibitError } from '../model/errors.js';
import { receiptSchema } from '../model/exhibit.js';
import type { Receipt } from '../model/exhibit.js';
import type { VerifyReport } from '../model/verdict.js';
import { parseJson } from '../lib/untyped.js';
import { verifyArchive } from '../evidence/verify/verify-archive.js';
import type { Clock } from '../ports/clock.js';

const MAX_RECEIPT_BYTES = 64 * 1024;

export interface VerifyRequest {
  readonly archivePath: string;
  /** OpenSSH allowed_signers; `null` = no trust was given, so no signer can be trusted. */
  readonly allowedSigners: { readonly source: string; readonly text: string } | null;
  readonly receiptPath: string | null;
  readonly requireComplete: boolean;
}

/** Checks an archive without unpacking it. A bad archive is a verdict, not an error; throws only for what cannot be opened. */
export async function verify(
  request: VerifyRequest,
  deps: { readonly clock: Clock; readonly scratchDirectory: string },
): Promise<VerifyReport> {
  const receipt = request.receiptPath === null ? null : await readReceipt(request.receiptPath);
  return await verifyArchive({
    archivePath: request.archivePath,
    allowedSigners: request.allowedSigners,
    receipt,
    requireComplete: request.requireComplete,
    now: deps.clock.nowMs(),
    scratchDirectory: deps.scratchDirectory,
  });
}

async function readReceipt(path: string): Promise<Receipt> {
  let body: Buffer;
  try {
    body = await readFile(path);
  } catch (error) {
    throw new ExhibitError('USAGE_INVALID', `the receipt cannot be read: ${errnoOf(error) ?? 'unknown error'}`, {
      subject: path,
      cause: error,
    });
  }
  const parsed = receiptSchema.safeParse(body.length > MAX_RECEIPT_BYTES ? undefined : parseJson(body));
  if (!parsed.success) {
    throw new ExhibitError('USAGE_INVALID', 'the file given as receipt is no receipt of exhibit/1', { subject: path });
  }
  return parsed.data;
}
