import { parseInstant } from '../lib/clock.js';

/** Longer waits are not believed. */
const MAX_WAIT_MS = 120_000;

/** `Retry-After` as seconds or HTTP date to milliseconds in 0..120,000; `null` when it is neither. */
export function parseRetryAfter(value: string | undefined, nowMs: number): number | null {
  const text = value?.trim() ?? '';
  if (/^[0-9]{1,20}$/.test(text)) return Math.min(Number(text) * 1000, MAX_WAIT_MS);
  if (!/^[A-Z][a-z]{2,8},? /.test(text)) return null;
  const instant = parseInstant(text);
  return instant === null ? null : Math.min(Math.max(instant - nowMs, 0), MAX_WAIT_MS);
}
