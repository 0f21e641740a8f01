/** Eight tables, so that eight bytes are taken in at once. */
const TABLES = makeTables();

function makeTables(): Uint32Array {
  const tables = new Uint32Array(8 * 256);
  for (let byte = 0; byte < 256; byte += 1) {
    let value = byte;
    for (let bit = 0; bit < 8; bit += 1) value = (value & 1) === 0 ? value >>> 1 : (value >>> 1) ^ 0xedb88320;
    tables[byte] = value;
  }
  for (let index = 256; index < tables.length; index += 1) {
    const before = tables[index - 256] ?? 0;
    tables[index] = (before >>> 8) ^ (tables[before & 0xff] ?? 0);
  }
  return tables;
}

function eightBytes(low: number, high: number): number {
  return (
    (TABLES[0x700 | (low & 0xff)] ?? 0) ^
    (TABLES[0x600 | ((low >>> 8) & 0xff)] ?? 0) ^
    (TABLES[0x500 | ((low >>> 16) & 0xff)] ?? 0) ^
    (TABLES[0x400 | (low >>> 24)] ?? 0) ^
    (TABLES[0x300 | (high & 0xff)] ?? 0) ^
    (TABLES[0x200 | ((high >>> 8) & 0xff)] ?? 0) ^
    (TABLES[0x100 | ((high >>> 16) & 0xff)] ?? 0) ^
    (TABLES[high >>> 24] ?? 0)
  );
}

/** CRC-32 as in gzip. `before` is the result for the bytes that came earlier. */
export function crc32(bytes: Uint8Array, before = 0): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const whole = bytes.length - (bytes.length % 8);
  let crc = ~before;
  for (let at = 0; at < whole; at += 8) crc = eightBytes(view.getInt32(at, true) ^ crc, view.getInt32(at + 4, true));
  for (let at = whole; at < bytes.length; at += 1) crc = (crc >>> 8) ^ (TABLES[(crc ^ view.getUint8(at)) & 0xff] ?? 0);
  return ~crc >>> 0;
}
