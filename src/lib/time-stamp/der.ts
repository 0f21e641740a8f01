/**
 * Strict DER: definite, shortest lengths and one-byte tags, which is all that time-stamping and X.509 use. Written for this folder
 * because the general parsers accept BER, in which the same token can be said in many ways; here each byte has one meaning. Nothing here
 * needs Node.js: the program and the page in the browser read tokens by the same code.
 */
import { TokenProblem } from './token-problem.js';

export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** `[number]`, constructed. */
export function contextTag(number: number): number {
  return 0xa0 | number;
}

/** `[4]`: a name of the kind that a certificate has. */
export const DIRECTORY_NAME = contextTag(4);

export interface Der {
  readonly tag: number;
  readonly content: Uint8Array;
  /** Tag, length and content. */
  readonly bytes: Uint8Array;
}

const MAX_LENGTH_BYTES = 4;

const numberOf = (bytes: Uint8Array): number => bytes.reduce((sum, byte) => sum * 256 + byte, 0);

/** How long the content is, and where it begins. */
function lengthAt(bytes: Uint8Array, at: number): readonly [length: number, start: number] {
  const first = bytes[at] ?? 0;
  if (first < 0x80) return [first, at + 1];
  const count = first & 0x7f;
  if (count === 0 || count > MAX_LENGTH_BYTES || at + 1 + count > bytes.length)
    throw new TokenProblem('a length that is not DER');
  const length = numberOf(bytes.subarray(at + 1, at + 1 + count));
  if (length < 0x80 || length < 2 ** (8 * (count - 1))) throw new TokenProblem('a length that is not the shortest');
  return [length, at + 1 + count];
}

function elementAt(bytes: Uint8Array, at: number): Der {
  const tag = bytes[at] ?? 0;
  if (at + 1 >= bytes.length) throw new TokenProblem('an element is cut off');
  if ((tag & 0x1f) === 0x1f) throw new TokenProblem('a tag of more than one byte');
  const [length, start] = lengthAt(bytes, at + 1);
  if (start + length > bytes.length) throw new TokenProblem('an element is longer than what holds it');
  return { tag, content: bytes.subarray(start, start + length), bytes: bytes.subarray(at, start + length) };
}

/** Elements one after the other, up to the last byte. Throws `TokenProblem`. */
export function readElements(bytes: Uint8Array): Der[] {
  const elements: Der[] = [];
  for (let at = 0; at < bytes.length;) {
    const element = elementAt(bytes, at);
    elements.push(element);
    at += element.bytes.length;
  }
  return elements;
}

/** Exactly one element of that tag, and nothing after it. */
export function readOne(bytes: Uint8Array, tag: number, what: string): Der {
  const [element, ...more] = readElements(bytes);
  if (element?.tag !== tag || more.length > 0) throw new TokenProblem(`${what} is not what it must be`);
  return element;
}

/** The members of a structure, taken in their order. */
export class DerMembers {
  readonly #members: readonly Der[];
  readonly #what: string;
  #at = 0;

  constructor(content: Uint8Array, what: string) {
    this.#members = readElements(content);
    this.#what = what;
  }

  take(tag: number): Der {
    const member = this.optional(tag);
    if (member === null) throw new TokenProblem(`${this.#what} is not built as it must be`);
    return member;
  }

  optional(tag: number): Der | null {
    const member = this.#members[this.#at];
    if (member?.tag !== tag) return null;
    this.#at += 1;
    return member;
  }

  end(): void {
    if (this.#at !== this.#members.length) throw new TokenProblem(`${this.#what} has a member too many`);
  }
}

/** The members of an element of that tag. */
export function membersOf({ tag, content }: Der, expected: number, what: string): DerMembers {
  if (tag !== expected) throw new TokenProblem(`${what} is not what it must be`);
  return new DerMembers(content, what);
}

/** The members of the one SEQUENCE that `bytes` are. */
export function sequenceOf(bytes: Uint8Array, what: string): DerMembers {
  return membersOf(readOne(bytes, TAG.sequence, what), TAG.sequence, what);
}

/** Dotted form. */
export function readOid({ content }: Der): string {
  const arcs: number[] = [];
  let arc = 0;
  for (const [index, byte] of content.entries()) {
    if (arc === 0 && byte === 0x80) throw new TokenProblem('an object identifier that is not DER');
    arc = arc * 128 + (byte & 0x7f);
    if (arc > Number.MAX_SAFE_INTEGER) throw new TokenProblem('an object identifier that is too long');
    if (byte < 0x80) {
      arcs.push(arc);
      arc = 0;
    } else if (index === content.length - 1) throw new TokenProblem('an object identifier that is cut off');
  }
  const [first, ...rest] = arcs;
  if (first === undefined) throw new TokenProblem('an empty object identifier');
  const root = Math.min(2, Math.floor(first / 40));
  return [root, first - root * 40, ...rest].join('.');
}

/** Content of an INTEGER in its shortest form. */
export function integerBytes({ content }: Der): Uint8Array {
  const [first, second] = content;
  if (first === undefined) throw new TokenProblem('an empty number');
  if (second !== undefined && ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80)))
    throw new TokenProblem('a number that is not in its shortest form');
  return content;
}

/** An INTEGER from 0 to 2^31. */
export function readSmallInteger(element: Der): number {
  const bytes = integerBytes(element);
  if (bytes.length > 4 || (bytes[0] ?? 0) >= 0x80) throw new TokenProblem('a number out of its range');
  return numberOf(bytes);
}

export function readBoolean({ content }: Der): boolean {
  const [value] = content;
  if (content.length !== 1 || (value !== 0 && value !== 0xff)) throw new TokenProblem('a truth value that is not DER');
  return value === 0xff;
}
