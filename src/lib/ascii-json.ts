/** Nesting beyond which a value is refused, written or read. */
const MAX_DEPTH = 32;

const OUTSIDE_PRINTABLE_ASCII = /[^\x20-\x7e]/;
const EVERY_OUTSIDE_PRINTABLE_ASCII = /[^\x20-\x7e]/g;
const LONE_SURROGATE = /\p{Surrogate}/u;
const EVERY_LONE_SURROGATE = /\p{Surrogate}/gu;

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function assertObject(value: object, depth: number): void {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) throw new TypeError('only plain objects become JSON');
  // Hundreds of thousands of records pass here: for-in makes no list of keys, and a plain object inherits none.
  for (const key in value) {
    const member = (value as Record<string, unknown>)[key];
    if (member !== undefined) assertWritable(member, depth + 1);
  }
}

function replaceLoneSurrogates(_key: string, member: unknown): unknown {
  if (typeof member === 'string') return member.replace(EVERY_LONE_SURROGATE, '\ufffd');
  if (typeof member === 'object' && member !== null && Object.keys(member).some((key) => LONE_SURROGATE.test(key))) {
    throw new TypeError('a key holds half a surrogate pair');
  }
  return member;
}

function assertWritable(value: unknown, depth: number): void {
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return;
  if (typeof value === 'number') {
    if (Number.isSafeInteger(value)) return;
    throw new TypeError('a number is no integer below 2^53');
  }
  if (typeof value !== 'object') throw new TypeError(`a ${typeof value} has no place in JSON`);
  if (depth >= MAX_DEPTH) throw new TypeError(`nested deeper than ${String(MAX_DEPTH)}`);
  if (!Array.isArray(value)) {
    assertObject(value, depth);
    return;
  }
  for (const member of value as unknown[]) assertWritable(member, depth + 1);
}

/**
 * The only way in which records become text: one line of printable ASCII without spaces or line feed. Members stand in the order of
 * the object's keys (array-index keys first, as in every ECMAScript object), those that are `undefined` are left out. What is not
 * printable ASCII becomes `\uXXXX` in lower case; half a surrogate pair in a string becomes U+FFFD, because readers disagree on it.
 * Throws TypeError for floats, integers of 2^53 and above, `undefined` in a list, anything but plain data, nesting deeper than 32,
 * and half a surrogate pair in a key. Since the writing is a function of the value, a reader finds duplicate keys, floats and
 * foreign spacing by writing again what it parsed: see `parseAsciiJson`.
 */
export function asciiJson(value: unknown): string {
  assertWritable(value, 0);
  const text = JSON.stringify(value);
  if (!OUTSIDE_PRINTABLE_ASCII.test(text) && !text.includes('\\ud')) return text;
  // JSON.stringify turns a lone surrogate into an escape of six characters; only the value itself tells it from such text.
  return JSON.stringify(value, replaceLoneSurrogates).replace(EVERY_OUTSIDE_PRINTABLE_ASCII, escapeUnit);
}

/**
 * Parses a line that must be exactly as `asciiJson` writes it; `undefined` when it is not JSON or not in that form (duplicate keys,
 * floats, `1.0`, `-0`, spacing, upper-case escapes, bytes outside printable ASCII, too deep).
 */
export function parseAsciiJson(line: string): unknown {
  try {
    const value: unknown = JSON.parse(line);
    return asciiJson(value) === line ? value : undefined;
  } catch {
    return undefined;
  }
}
