import { setTimeout as pause } from 'node:timers/promises';
import type { ExhibitSpool } from '../../evidence/exhibit-spool.js';
import type { ClusterReader } from '../../ports/cluster-reader.js';
import { observeIdentity } from '../observe-identity.js';
import type { ObservedIdentity } from '../observe-identity.js';
import type { ClockLedger } from './clock-ledger.js';
import type { CustodyStamps } from './custody-stamps.js';

export const HEARTBEAT_MS = 600_000;

export interface HeartbeatOptions {
  readonly exhibit: ExhibitSpool;
  readonly clocks: ClockLedger;
  readonly stamps: Pick<CustodyStamps, 'heartbeat'>;
  readonly cluster: ClusterReader;
  /** Between the end of one beat and the next. */
  readonly everyMs: number;
}

/**
 * Does the work, and meanwhile writes into the custody log, again and again, that the run is alive and how far it has come, and into the
 * clock ledger what the API server's clock says. A server that does not answer costs the entry of the clock, never the run: the readings
 * that need it fail by themselves. Throws what `work` throws, else what the disk did to a beat.
 */
export async function withHeartbeat<T>(options: HeartbeatOptions, work: () => Promise<T>): Promise<T> {
  const over = new AbortController();
  const beating = beat(options, over.signal);
  // It is heard below, when the work has ended.
  beating.catch(() => undefined);
  const result = await work().finally(async () => {
    over.abort();
    await beating.catch(() => undefined);
  });
  await beating;
  return result;
}

async function beat({ exhibit, clocks, stamps, cluster, everyMs }: HeartbeatOptions, over: AbortSignal): Promise<void> {
  for (let number = 1; await passed(everyMs, over); number += 1) {
    const { planned, outcomesTotal, items, payloadBytes } = exhibit.counts();
    const line = await exhibit.custody.append('heartbeat', {
      number,
      planned,
      ended: outcomesTotal,
      items,
      payloadBytes,
    });
    await stamps.heartbeat(line, over);
    // The run does not wait for a server that it no longer needs.
    const clock = await Promise.race([clockOf(cluster), ended(over)]);
    if (clock !== null) await clocks.record(clock);
  }
}

async function clockOf(cluster: ClusterReader): Promise<ObservedIdentity['clock']> {
  try {
    return (await observeIdentity(cluster, 'during')).clock;
  } catch {
    return null;
  }
}

function ended(over: AbortSignal): Promise<null> {
  return new Promise((resolve) => {
    if (over.aborted) resolve(null);
    else over.addEventListener('abort', () => resolve(null), { once: true });
  });
}

/** Whether the time has passed; `false` as soon as the work is over. */
async function passed(everyMs: number, over: AbortSignal): Promise<boolean> {
  try {
    await pause(everyMs, undefined, { signal: over });
    return true;
  } catch {
    return false;
  }
}
