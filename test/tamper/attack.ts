import { gzipOf } from '../fakes/archive-builder.js';
import type { Shape } from './shapes.js';

/** A number from 0 to `below` - 1. */
export type Choose = (below: number) => number;

export interface Mutation {
  readonly container: Buffer;
  /** The files that differ, where only some do: for the exceptions that the format makes. */
  readonly touched: readonly string[] | null;
}

export interface Attack {
  /** Who can do it. A `holder` has the signing key, and the token's authority answers to him. */
  readonly by: 'anybody' | 'holder';
  readonly group: string;
  readonly what: string;
  /** `null` where the shape has nothing of the kind. */
  readonly make: (shape: Shape, choose: Choose) => Mutation | null;
  /** What a holder makes that says nothing impossible: only the receipt can tell. */
  readonly isConsistent?: true;
  /** Adds or removes whole tokens, which no signature covers: `untold` even where the roots of the authorities are given. */
  readonly tokens?: 'untold' | 'told-by-roots';
}

export const whole = (container: Buffer): Mutation => ({ container, touched: null });
export const ofTar = (tar: Buffer, touched: readonly string[] | null = null): Mutation => ({
  container: gzipOf(tar),
  touched,
});

export function randomBytes(choose: Choose, length: number): Buffer<ArrayBuffer> {
  return Buffer.from(Array.from({ length }, () => choose(256)));
}

export function spliced(bytes: Buffer, at: number, { remove = 0, insert = Buffer.alloc(0) as Buffer }): Buffer {
  return Buffer.concat([bytes.subarray(0, at), insert, bytes.subarray(at + remove)]);
}

export function overwritten(
  bytes: Buffer,
  choose: Choose,
  length: number,
): { readonly bytes: Buffer; readonly at: number } {
  const at = choose(bytes.length - length);
  return { at, bytes: spliced(bytes, at, { remove: length, insert: randomBytes(choose, length) }) };
}

export function flipped(bytes: Buffer, at: number, bit: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ (1 << bit);
  return copy;
}

export const attack = (group: string, what: string, make: Attack['make']): Attack => ({
  by: 'anybody',
  group,
  what,
  make,
});

export const NOTHING = Buffer.alloc(0);
