/**
 * The one place where the machine's clock and randomness are read, and where instants become text.
 * Everything else receives a `Clock` and an `Ids`, so that the same input gives the same bytes.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** Epoch milliseconds to RFC 3339 UTC with milliseconds (`2026-01-02T03:04:05.678Z`). */
export function toRfc3339(epochMs: number): string {
  return new Date(epochMs).toISOString();
}

/** RFC 3339 or RFC 9110 HTTP date to epoch milliseconds; `null` when the text is neither. Sub-millisecond digits are dropped. */
export function parseInstant(text: string): number | null {
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? null : ms;
}

function readBootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  } catch {
    return 'unknown';
  }
}

let bootId: string | undefined;

/** The machine's clocks. `monoUs` counts microseconds from an arbitrary point and never goes back within one boot. */
export const systemClock = {
  nowMs: (): number => Date.now(),
  monoUs: (): number => Number(process.hrtime.bigint() / 1000n),
  bootId: (): string => (bootId ??= readBootId()),
};

const TOKEN_ALPHABET = 'abcdefghijkmnpqrstuvwxyz23456789';

/** Identifiers from the system's randomness. */
export const systemIds = {
  uuid: (): string => randomUUID(),
  /** `length` characters of [a-km-np-z2-9]; the first is a letter. 5 bits each. */
  token: (length: number): string => {
    const bytes = randomBytes(length);
    let token = '';
    for (const byte of bytes) token += TOKEN_ALPHABET[byte % TOKEN_ALPHABET.length] ?? 'a';
    return /^[a-z]/.test(token) ? token : `a${token.slice(1)}`;
  },
};

/** A number in [0, 1) for jitter in retries; never for identifiers. */
export function jitter(): number {
  return Math.random();
}

/** Epoch milliseconds to an HTTP date (`Sun, 22 Nov 2026 03:38:50 GMT`); whole seconds. */
export function toHttpDate(epochMs: number): string {
  return new Date(epochMs).toUTCString();
}

/** For libraries that take nothing but a `Date`. */
export function toDate(epochMs: number): Date {
  return new Date(epochMs);
}
