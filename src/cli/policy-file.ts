import { open } from 'node:fs/promises';
import { errnoOf, ExhibitError } from '../model/errors.js';

const MAX_BYTES = 4 * 1024 * 1024;

/** UTF-8 as it must be: an API server would refuse other bytes, too. */
function textOf(bytes: Buffer, source: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new ExhibitError('AUDIT_POLICY_INVALID', 'The audit policy is not UTF-8.', { subject: source, cause });
  }
}

async function bytesOf(pieces: AsyncIterable<Buffer>, source: string): Promise<Buffer> {
  const read: Buffer[] = [];
  let size = 0;
  for await (const piece of pieces) {
    read.push(piece);
    size += piece.length;
    if (size > MAX_BYTES) {
      const message = 'The audit policy is larger than 4 MiB.';
      throw new ExhibitError('AUDIT_POLICY_INVALID', message, { subject: source });
    }
  }
  return Buffer.concat(read);
}

/** The text of a policy; `-` = standard input. Throws `AUDIT_POLICY_INVALID`, also for a file that is not there or cannot be read. */
export async function readPolicyFile(path: string, input: AsyncIterable<Buffer> = process.stdin): Promise<string> {
  if (path === '-') return textOf(await bytesOf(input, 'standard input'), 'standard input');
  try {
    const file = await open(path, 'r');
    // The stream closes the file.
    return textOf(await bytesOf(file.createReadStream() as AsyncIterable<Buffer>, path), path);
  } catch (cause) {
    if (cause instanceof ExhibitError) throw cause;
    const message = `The audit policy cannot be read (${errnoOf(cause) ?? 'unknown error'}).`;
    throw new ExhibitError('AUDIT_POLICY_INVALID', message, { subject: path, cause });
  }
}
