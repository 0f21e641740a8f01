/** One entry of a list as the bytes in which the server wrote it. */
export interface ListItem {
  readonly bytes: Buffer;
  /** Where the entry stands in the server's storage: `namespace/name`, or `name`. */
  readonly namespace: string;
  readonly name: string;
  readonly parsed: unknown;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENING = new Set([0x5b, 0x7b]);
const CLOSING = new Set([0x5d, 0x7d]);
const COMMA = 0x2c;

function endOfString(body: Buffer, start: number): number {
  let at = start + 1;
  while (at < body.length && body[at] !== QUOTE) at += body[at] === BACKSLASH ? 2 : 1;
  return at + 1;
}

/** Ends of the values that stand directly in the array which begins at `start`. */
function* elementsOf(body: Buffer, start: number): Generator<Buffer> {
  let depth = 0;
  let from = start + 1;
  for (let at = start; at < body.length; at++) {
    const byte = body[at] ?? 0;
    if (byte === QUOTE) {
      at = endOfString(body, at) - 1;
    } else if (OPENING.has(byte)) {
      depth++;
    } else if (CLOSING.has(byte)) {
      depth--;
      if (depth === 0) {
        if (at > from) yield body.subarray(from, at);
        return;
      }
    } else if (byte === COMMA && depth === 1) {
      yield body.subarray(from, at);
      from = at + 1;
    }
  }
}

/** Where the array under the top-level key begins, or -1. Compact JSON, as the server writes it. */
function arrayOffset(body: Buffer, key: string): number {
  const wanted = Buffer.from(`"${key}":[`);
  let depth = 0;
  for (let at = 0; at < body.length; at++) {
    const byte = body[at] ?? 0;
    if (byte === QUOTE) {
      if (depth === 1 && body.subarray(at, at + wanted.length).equals(wanted)) return at + wanted.length - 1;
      at = endOfString(body, at) - 1;
    } else if (OPENING.has(byte)) {
      depth++;
    } else if (CLOSING.has(byte)) {
      depth--;
    }
  }
  return -1;
}

/** The elements of a top-level array of a compact JSON document, each with its own bytes: numbers and order of keys survive. */
export function splitArray(body: Buffer, key: string): Buffer[] {
  const start = arrayOffset(body, key);
  return start === -1 ? [] : [...elementsOf(body, start)];
}
