import type { ReadKind } from '../ports/cluster-reader.js';
import { createPermits } from './permits.js';

/** Upper limits; what we do stays below them. */
export interface Brakes {
  /** Whole lists under way at once. */
  readonly lists: number;
  readonly streamsPerNode: number;
  readonly streams: number;
  /** Small calls are not braked; this only bounds connections. */
  readonly small: number;
}

export const DEFAULT_BRAKES: Brakes = { lists: 3, streamsPerNode: 2, streams: 32, small: 16 };

/** A page is slow when it takes this many times the best seen, and at least this long. */
const SLOW_FACTOR = 4;
const SLOW_MS = 500;
const MAX_PAUSE_MS = 10_000;
/** Good pages per step back up. */
const GOOD_PAGES = 8;

export interface BrakeSystem {
  /** A turn for one request. Resolves with the function that ends it. Throws `INTERRUPTED`. */
  enter(kind: ReadKind, node: string | undefined, signal: AbortSignal | null): Promise<() => void>;
  /** A turn for a whole list, held over its pages. */
  enterList(signal: AbortSignal | null): Promise<() => void>;
  /** The server asked us to slow down: half as many list requests at once. */
  throttled(): void;
  /** How long a list page took to its head. Returns how long to pause before the next one, milliseconds. */
  pageAnswered(headAfterMs: number): number;
  /** List requests that may run at once now. */
  listConcurrency(): number;
}

/**
 * Administrators are exempt from the server's priority-and-fairness, and kubelets have none: these brakes are all that protects
 * the cluster from us. Additive increase, multiplicative decrease.
 */
export function createBrakes(limits: Brakes): BrakeSystem {
  let allowed = limits.lists;
  let goodPages = 0;
  let bestMs = Number.POSITIVE_INFINITY;
  const whole = createPermits({ total: () => limits.lists, perKey: limits.lists });
  const pages = createPermits({ total: () => allowed, perKey: limits.lists });
  const streams = createPermits({ total: () => limits.streams, perKey: limits.streamsPerNode });
  const small = createPermits({ total: () => limits.small, perKey: limits.small });

  return {
    enter: async (kind, node, signal) => {
      if (kind === 'list') return await pages.acquire('', signal);
      if (kind === 'stream') return await streams.acquire(node ?? '', signal);
      return await small.acquire('', signal);
    },
    enterList: async (signal) => await whole.acquire('', signal),
    throttled: () => {
      allowed = Math.max(1, Math.floor(allowed / 2));
      goodPages = 0;
    },
    pageAnswered: (headAfterMs) => {
      bestMs = Math.min(bestMs, Math.max(headAfterMs, 1));
      if (headAfterMs > SLOW_MS && headAfterMs > bestMs * SLOW_FACTOR) {
        allowed = headAfterMs > bestMs * SLOW_FACTOR * 2 ? 1 : Math.min(allowed, 2);
        goodPages = 0;
        return Math.min(headAfterMs, MAX_PAUSE_MS);
      }
      goodPages += 1;
      if (goodPages >= GOOD_PAGES && allowed < limits.lists) {
        allowed += 1;
        goodPages = 0;
        pages.wake();
      }
      return 0;
    },
    listConcurrency: () => allowed,
  };
}
