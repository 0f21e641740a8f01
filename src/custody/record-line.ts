import { basename } from 'node:path';
import { ExhibitError } from '../model/errors.js';

/** Longest line of a record file, LF included. Writers stay below it; readers refuse more. */
export const MAX_RECORD_BYTES = 1024 * 1024;

/** Throws `INTERNAL` when a line of `text` (ASCII) is longer than `maxBytes`, LF included: an exhibit with such a line cannot be sealed. */
export function assertRecordLines(text: string, path: string, maxBytes = MAX_RECORD_BYTES): void {
  if (text.length <= maxBytes) return;
  for (let start = 0; start < text.length;) {
    const end = text.indexOf('\n', start);
    const next = end === -1 ? text.length : end + 1;
    if (next - start > maxBytes) {
      throw new ExhibitError(
        'INTERNAL',
        `a record of ${String(next - start)} bytes is too long for ${basename(path)}`,
        {
          subject: path,
        },
      );
    }
    start = next;
  }
}
