import { TarFormatError } from './tar-format-error.js';

export const BLOCK_BYTES = 512;

const CHECKSUM_AT = 148;
const CHECKSUM_BYTES = 8;
const SPACE = 0x20;

/** One header block as it stands, before pax records change what it says. Names are bytes. */
export interface TarHeader {
  readonly typeFlag: string;
  readonly name: Buffer;
  readonly linkName: Buffer;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly sizeBytes: number;
  readonly mtimeSeconds: number;
  readonly deviceMajor: number;
  readonly deviceMinor: number;
  readonly block: Buffer;
}

function fieldBytes(block: Buffer, at: number, length: number): Buffer {
  const field = block.subarray(at, at + length);
  const end = field.indexOf(0);
  return end === -1 ? field : field.subarray(0, end);
}

/** Two's complement, big-endian, marked by the top bit: GNU's way for what octal digits cannot hold. */
function base256(field: Buffer): bigint {
  let value = BigInt((field[0] ?? 0) & 0x7f);
  if ((value & 0x40n) !== 0n) value -= 0x80n;
  for (const byte of field.subarray(1)) value = (value << 8n) | BigInt(byte);
  return value;
}

/** A number of a header: octal digits, or base-256. Throws for anything else and for what JavaScript cannot count exactly. */
export function headerNumber(block: Buffer, at: number, length: number): number {
  const field = block.subarray(at, at + length);
  if (((field[0] ?? 0) & 0x80) !== 0) {
    const value = base256(field);
    if (value > BigInt(Number.MAX_SAFE_INTEGER) || value < BigInt(Number.MIN_SAFE_INTEGER))
      throw new TarFormatError('number-too-large', `a header has a number that is too large, at byte ${at}`);
    return Number(value);
  }
  const text = field.toString('latin1');
  const digits = /^ *([0-7]*)[ \0]*$/.exec(text)?.[1];
  if (digits === undefined) throw new TarFormatError('no-number', `a header has no number at byte ${at}`);
  return digits === '' ? 0 : parseInt(digits, 8);
}

/** The sum over the bytes of a header with its own field as spaces. */
function checksumOf(block: Buffer): number {
  let sum = CHECKSUM_BYTES * SPACE;
  for (let at = 0; at < BLOCK_BYTES; at += 1)
    if (at < CHECKSUM_AT || at >= CHECKSUM_AT + CHECKSUM_BYTES) sum += block[at] ?? 0;
  return sum;
}

function ustarName(block: Buffer): Buffer {
  const name = fieldBytes(block, 0, 100);
  // POSIX only: GNU's own magic has other things where the prefix would be.
  const isUstar = block.toString('latin1', 257, 263) === 'ustar\0';
  const prefix = isUstar ? fieldBytes(block, 345, 155) : Buffer.alloc(0);
  return prefix.length === 0 ? Buffer.from(name) : Buffer.concat([prefix, Buffer.from('/'), name]);
}

/** Parses a block of 512 bytes that is not all zeros. Throws `TarFormatError`. */
export function parseTarHeader(block: Buffer): TarHeader {
  if (checksumOf(block) !== headerNumber(block, CHECKSUM_AT, CHECKSUM_BYTES))
    throw new TarFormatError('bad-checksum', 'the checksum of a header is wrong: this is no tar, or it is damaged');
  const sizeBytes = headerNumber(block, 124, 12);
  if (sizeBytes < 0) throw new TarFormatError('negative-size', 'a header has a negative size');
  return {
    typeFlag: String.fromCharCode(block[156] ?? 0),
    name: ustarName(block),
    linkName: Buffer.from(fieldBytes(block, 157, 100)),
    mode: headerNumber(block, 100, 8),
    uid: headerNumber(block, 108, 8),
    gid: headerNumber(block, 116, 8),
    sizeBytes,
    mtimeSeconds: headerNumber(block, 136, 12),
    deviceMajor: headerNumber(block, 329, 8),
    deviceMinor: headerNumber(block, 337, 8),
    block: Buffer.from(block),
  };
}
