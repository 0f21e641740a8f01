/** One entry of a sort as bytes: two lengths of 32 bits, little-endian, then key and value in UTF-8. */

export interface SpillEntry {
  readonly key: string;
  readonly value: string;
}

export const HEADER_BYTES = 8;

/** No encoding of the entry is longer. */
export function mostEntryBytes(key: string, value: string): number {
  return HEADER_BYTES + 3 * (key.length + value.length);
}

/** Writes an entry at `at`; returns where it ends. */
export function writeEntry(target: Buffer, at: number, { key, value }: SpillEntry): number {
  const keyBytes = target.write(key, at + HEADER_BYTES, 'utf8');
  const valueBytes = target.write(value, at + HEADER_BYTES + keyBytes, 'utf8');
  target.writeUInt32LE(keyBytes, at);
  target.writeUInt32LE(valueBytes, at + 4);
  return at + HEADER_BYTES + keyBytes + valueBytes;
}

export function keyBytesOf(source: Buffer, at: number): number {
  return source.readUInt32LE(at);
}

/** Of the whole entry, header included; its first `HEADER_BYTES` must be there. */
export function entryBytesOf(source: Buffer, at: number): number {
  return HEADER_BYTES + source.readUInt32LE(at) + source.readUInt32LE(at + 4);
}

export function readKey(source: Buffer, at: number): string {
  return source.toString('utf8', at + HEADER_BYTES, at + HEADER_BYTES + source.readUInt32LE(at));
}

export function readValue(source: Buffer, at: number): string {
  const valueAt = at + HEADER_BYTES + source.readUInt32LE(at);
  return source.toString('utf8', valueAt, valueAt + source.readUInt32LE(at + 4));
}
