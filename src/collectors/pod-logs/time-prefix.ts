const DIGIT_0 = 0x30;
const DIGIT_9 = 0x39;
const SPACE = 0x20;

/** `2026-01-02T03:04:05`: digits where a zero stands, otherwise the character itself. */
const SHAPE = Buffer.from('0000-00-00T00:00:00', 'latin1');
const MAX_FRACTION_DIGITS = 9;

/** Date and time without fraction and zone. Bytes. */
export const SECOND_BYTES = 19;

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= DIGIT_0 && byte <= DIGIT_9;
}

function fractionEnd(bytes: Uint8Array, from: number, end: number): number {
  if (bytes[from] !== 0x2e) return from;
  let at = from + 1;
  while (at < end && at - from <= MAX_FRACTION_DIGITS && isDigit(bytes[at])) at += 1;
  return at === from + 1 ? -1 : at;
}

function zoneEnd(bytes: Uint8Array, from: number): number {
  const sign = bytes[from];
  if (sign === 0x5a) return from + 1;
  if (sign !== 0x2b && sign !== 0x2d) return -1;
  const wellFormed =
    isDigit(bytes[from + 1]) &&
    isDigit(bytes[from + 2]) &&
    bytes[from + 3] === 0x3a &&
    isDigit(bytes[from + 4]) &&
    isDigit(bytes[from + 5]);
  return wellFormed ? from + 6 : -1;
}

/**
 * Length of the RFC3339Nano time at `from`, without the space that must follow it before `end`; 0 when there is none. Looks at no
 * more than 36 bytes, and only at their shape: whether the 31st of February exists is not asked here.
 */
export function timePrefixLength(bytes: Uint8Array, from: number, end: number): number {
  if (end - from <= SECOND_BYTES) return 0;
  for (let at = 0; at < SECOND_BYTES; at += 1) {
    const expected = SHAPE[at];
    const byte = bytes[from + at];
    if (expected === DIGIT_0 ? !isDigit(byte) : byte !== expected) return 0;
  }
  const fraction = fractionEnd(bytes, from + SECOND_BYTES, end);
  const zone = fraction === -1 ? -1 : zoneEnd(bytes, fraction);
  return zone === -1 || zone >= end || bytes[zone] !== SPACE ? 0 : zone - from;
}
