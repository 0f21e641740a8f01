import { parseRetryAfter } from '../http/retry-after.js';
import type { HttpHead, HttpResult } from '../http/http-exchange-types.js';
import type { TransportFailure } from '../http/transport-failure.js';

const FIRST_DELAY_MS = 500;
const MAX_DELAY_MS = 15_000;
/** How long a server that we have spoken to may be away, as while it restarts. */
export const OUTAGE_MS = 60_000;
/** All waiting of one call together. */
export const BUDGET_MS = 180_000;

/** Whether the server asks us to slow down. */
export function isThrottle(head: HttpHead): boolean {
  return head.status === 429 || (head.status === 503 && head.headers['retry-after'] !== undefined);
}

/** An answer that another try may better. */
export function isTransientStatus(head: HttpHead): boolean {
  return isThrottle(head) || head.status === 500 || head.status === 502 || head.status === 504;
}

/** A death before the answer that another try may better. A server that is silent is not asked again: its silence is the answer. */
export function isTransientFailure(failure: TransportFailure): boolean {
  if (failure.step === 'name') return failure.code === 'EAI_AGAIN';
  return (
    failure.step === 'refused' ||
    failure.step === 'reset' ||
    failure.step === 'connect-timeout' ||
    failure.step === 'network'
  );
}

/** Exponential, in full milliseconds; `random` in [0, 1) spreads it over its upper half. */
export function backoffMs(attempt: number, random: number): number {
  const full = Math.min(FIRST_DELAY_MS * 2 ** (attempt - 1), MAX_DELAY_MS);
  return Math.round(full / 2 + (full / 2) * random);
}

/** What the server asks for, plus a spread so that many waiting calls do not come back in one moment; else back-off. */
export function throttleDelayMs(
  head: HttpHead,
  attempt: number,
  spread: { readonly nowMs: number; readonly random: number },
): number {
  const asked = parseRetryAfter(head.headers['retry-after'], spread.nowMs);
  if (asked === null) return backoffMs(attempt, spread.random);
  return Math.round(asked + Math.min(250 + asked / 10, 5000) * spread.random);
}

const DIAL_FAILURE =
  /dial tcp|error dialing backend|connection refused|no route to host|i\/o timeout|TLS handshake timeout|context deadline exceeded|no agent available|proxy error/i;

/** The API server says that it did not reach the kubelet. */
export function isKubeletUnreachable(result: HttpResult, body: Buffer): boolean {
  const status = result.head?.status ?? 0;
  if (status === 502 || status === 504) return true;
  return (status === 500 || status === 503) && DIAL_FAILURE.test(body.toString('latin1', 0, 4096));
}
