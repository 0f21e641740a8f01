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
const SLOW_PAGE_MS = 100;
/** The same for what takes the server next to nothing: the time is spent in its queues. */
const SLOW_CALL_MS = 25;
const MAX_PAUSE_MS = 10_000;
/** Streams may shrink to this; once for all the answers that waited in the same queue. */
const MIN_STREAMS = 4;
const SHRINK_AGAIN_US = 500_000;
/** A stream that ends now was answered a while ago: what it says of the server's queues is older than a slow answer. */
const GROW_AGAIN_US = 5_000_000;
/** Good answers to streams for one more of them: each log is read twice, and its beginning costs little. */
const GOOD_STREAMS = 4;
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
  /** How long any other call took to its head: decides how many streams may run at once. */
  callAnswered(kind: 'small' | 'stream', headAfterMs: number): void;
  /** List requests that may run at once now. */
  listConcurrency(): number;
  /** Streams that may run at once now; those that run already are not ended. */
  streamConcurrency(): number;
}

export interface BrakeOptions {
  /** Streams at once until answers have shown how the server bears them; all of them when absent. */
  readonly firstStreams?: number;
  /** Monotonic, microseconds. */
  readonly monoUs?: () => number;
}

/** Whether an answer took so much longer than the best of its kind that it must have waited in a queue. */
function createSlowness(slowMs: number): (headAfterMs: number) => { readonly slow: boolean; readonly bestMs: number } {
  let bestMs = Number.POSITIVE_INFINITY;
  return (headAfterMs) => {
    bestMs = Math.min(bestMs, Math.max(headAfterMs, 1));
    return { slow: headAfterMs > slowMs && headAfterMs > bestMs * SLOW_FACTOR, bestMs };
  };
}

interface StreamLimit {
  now(): number;
  answered(kind: 'small' | 'stream', headAfterMs: number): void;
}

/** One more stream for every four good answers to streams, half as many for a slow answer to any call, which holds for five seconds. */
function createStreamLimit(most: number, options: BrakeOptions): StreamLimit {
  const slowness = { small: createSlowness(SLOW_CALL_MS), stream: createSlowness(SLOW_CALL_MS) };
  const least = Math.min(MIN_STREAMS, most);
  let allowed = Math.min(most, options.firstStreams ?? most);
  let shrunkUs = Number.NEGATIVE_INFINITY;
  let good = 0;
  return {
    now: () => allowed,
    answered: (kind, headAfterMs) => {
      const { slow } = slowness[kind](headAfterMs);
      const nowUs = options.monoUs?.() ?? 0;
      if (!slow) {
        if (kind === 'stream' && nowUs - shrunkUs >= GROW_AGAIN_US) good += 1;
        if (good < GOOD_STREAMS) return;
        good = 0;
        allowed = Math.min(most, allowed + 1);
        return;
      }
      if (nowUs - shrunkUs < SHRINK_AGAIN_US) return;
      shrunkUs = nowUs;
      good = 0;
      allowed = Math.max(least, Math.floor(allowed / 2));
    },
  };
}

/**
 * Administrators are exempt from the server's priority-and-fairness, and kubelets have none: these brakes are all that protects
 * the cluster from us. Additive increase, multiplicative decrease.
 */
export function createBrakes(limits: Brakes, options: BrakeOptions = {}): BrakeSystem {
  let allowed = limits.lists;
  let goodPages = 0;
  const pageSlowness = createSlowness(SLOW_PAGE_MS);
  const streamLimit = createStreamLimit(limits.streams, options);
  const whole = createPermits({ total: () => limits.lists, perKey: limits.lists });
  const pages = createPermits({ total: () => allowed, perKey: limits.lists });
  const streams = createPermits({ total: () => streamLimit.now(), perKey: limits.streamsPerNode });
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
      const { slow, bestMs } = pageSlowness(headAfterMs);
      if (slow) {
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
    callAnswered: (kind, headAfterMs) => {
      streamLimit.answered(kind, headAfterMs);
      streams.wake();
    },
    listConcurrency: () => allowed,
    streamConcurrency: () => streamLimit.now(),
  };
}
