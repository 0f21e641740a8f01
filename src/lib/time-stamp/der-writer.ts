import { joined, type Bytes } from '../bytes.js';
import { TAG } from './der.js';

function bigEndian(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return bytes;
}

/** One element around its members. */
export function der(tag: number, ...members: readonly Uint8Array[]): Bytes {
  const content = joined(members);
  const { length } = content;
  const significant = bigEndian(length);
  const head = length < 0x80 ? [tag, length] : [tag, 0x80 | significant.length, ...significant];
  return joined([Uint8Array.from(head), content]);
}

export function sequence(...members: readonly Uint8Array[]): Bytes {
  return der(TAG.sequence, ...members);
}

function arcBytes(arc: number): number[] {
  const bytes = [arc % 128];
  for (let rest = Math.floor(arc / 128); rest > 0; rest = Math.floor(rest / 128)) bytes.unshift(0x80 | (rest % 128));
  return bytes;
}

/** From the dotted form. */
export function oid(text: string): Bytes {
  const [root = 0, second = 0, ...rest] = text.split('.').map(Number);
  return der(TAG.oid, Uint8Array.from([root * 40 + second, ...rest].flatMap(arcBytes)));
}

/** From 0 to 127. */
export function smallInteger(value: number): Bytes {
  return der(TAG.integer, Uint8Array.of(value));
}

/** A number that is not negative, in its shortest form. */
export function positiveInteger(value: bigint): Bytes {
  const digits = value.toString(16);
  const even = digits.length % 2 === 0 ? digits : `0${digits}`;
  const bytes = (/^[89a-f]/.test(even) ? `00${even}` : even).match(/../g) ?? [];
  return der(
    TAG.integer,
    Uint8Array.from(bytes, (byte) => Number.parseInt(byte, 16)),
  );
}

export const NULL = der(TAG.null);
