import { parseInstant } from '../../lib/clock.js';

const INSTANT = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?(Z|[+-]\d{2}:\d{2})$/;

/** Nanoseconds since 1970 of an RFC 3339 time, whatever its zone; `null` for anything else. */
export function instantNs(text: string): bigint | null {
  const [, seconds, fraction = '', zone] = INSTANT.exec(text) ?? [];
  if (seconds === undefined || zone === undefined) return null;
  const ms = parseInstant(`${seconds}${zone}`);
  return ms === null ? null : BigInt(ms) * 1_000_000n + BigInt(fraction.padEnd(9, '0'));
}
