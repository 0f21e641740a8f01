import { TAG } from './der.js';

/** One element around its members. */
export function der(tag: number, ...members: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(members);
  const { length } = content;
  const lengthBytes = Buffer.alloc(4);
  lengthBytes.writeUInt32BE(length);
  const significant = lengthBytes.subarray(lengthBytes.findIndex((byte) => byte > 0));
  const head = length < 0x80 ? [tag, length] : [tag, 0x80 | significant.length, ...significant];
  return Buffer.concat([Buffer.from(head), content]);
}

export function sequence(...members: readonly Uint8Array[]): Buffer {
  return der(TAG.sequence, ...members);
}

function arcBytes(arc: number): number[] {
  const bytes = [arc % 128];
  for (let rest = Math.floor(arc / 128); rest > 0; rest = Math.floor(rest / 128)) bytes.unshift(0x80 | (rest % 128));
  return bytes;
}

/** From the dotted form. */
export function oid(text: string): Buffer {
  const [root = 0, second = 0, ...rest] = text.split('.').map(Number);
  return der(TAG.oid, Buffer.from([root * 40 + second, ...rest].flatMap(arcBytes)));
}

/** From 0 to 127. */
export function smallInteger(value: number): Buffer {
  return der(TAG.integer, Buffer.from([value]));
}

export const NULL = der(TAG.null);
