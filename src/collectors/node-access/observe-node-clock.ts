import { toRfc3339 } from '../../lib/clock.js';
import type { ClockRecord } from '../../model/request.js';
import type { CollectContext } from '../../ports/collector.js';
import type { NodeAccess } from '../../ports/node-access.js';
import { CLOCK } from './answers.js';

/** Beyond the year 9999 no instant can be written down; a clock that says so is no clock. */
const MAX_INSTANT_MS = 253_402_300_799_999;

/** `1763805600.123456789` to epoch milliseconds, rounded down; `null` for anything else. */
export function parseFarInstant(text: string): number | null {
  const match = /^(\d{1,12})\.(\d{9})\n?$/.exec(text);
  if (match === null) return null;
  const ms = Number(match[1]) * 1000 + Math.floor(Number(match[2]) / 1_000_000);
  return ms <= MAX_INSTANT_MS ? ms : null;
}

/**
 * The interval that the offset of the node's clock lies in: it was read after we asked and before its answer was here. `null` where the
 * node does not say what time it has.
 */
export async function observeNodeClock(
  access: NodeAccess,
  { clock, signal }: Pick<CollectContext, 'clock' | 'signal'>,
): Promise<ClockRecord | null> {
  const chunks: Buffer[] = [];
  const askedAtMs = clock.nowMs();
  const begunUs = clock.monoUs();
  const end = await access.run({ ...CLOCK, signal }, { chunk: (bytes) => void chunks.push(bytes) });
  const roundTripMs = Math.max(0, Math.ceil((clock.monoUs() - begunUs) / 1000));
  const farMs = end.end === 'complete' ? parseFarInstant(Buffer.concat(chunks).toString('latin1')) : null;
  if (farMs === null) return null;
  // Our wall clock may be set meanwhile; the answer came one round trip after the question, whatever the wall clock says.
  return {
    source: `node ${access.facts.node}`,
    at: toRfc3339(askedAtMs + roundTripMs),
    phase: 'during',
    offsetMinMs: farMs - (askedAtMs + roundTripMs),
    offsetMaxMs: farMs + 1 - askedAtMs,
    roundTripMs,
  };
}
