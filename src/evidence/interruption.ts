import { basename } from 'node:path';
import { MAX_TORN_RECORDED_BYTES } from '../custody/torn-tail.js';
import type { RecoveredSpool } from './recover-spool.js';

/**
 * The fields of the custody entry `interrupted`: what the end of the last process left behind. `null` when it closed the exhibit
 * properly and sealed nothing since.
 */
export function interruptionOf(spool: RecoveredSpool, unclean: boolean): Readonly<Record<string, unknown>> | null {
  const sealed = spool.custody.lastEvent === 'seal';
  const torn = spool.torn.map(({ file, bytes }) => ({
    file: basename(file),
    sizeBytes: bytes.length,
    bytesB64: bytes.subarray(0, MAX_TORN_RECORDED_BYTES).toString('base64'),
  }));
  const damage = torn.length + spool.orphans + spool.unloggedItems.length > 0;
  // An exhibit in which nothing was ever recorded has nothing to interrupt.
  const traces = damage || (unclean && spool.custody.size > 0);
  if (!traces && !sealed) return null;
  return {
    reason: traces ? 'the process ended without closing the exhibit' : 'a seal was not finished',
    torn,
    orphans: spool.orphans,
    unloggedItems: spool.unloggedItems.length,
  };
}
