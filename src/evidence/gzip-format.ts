/**
 * The one gzip header that exhibit/1 has: deflate, no flags, no time, "fastest", operating system unknown. Fixed to the byte, because
 * nothing covers these bytes but the comparison with this constant.
 */
export const GZIP_HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 0xff]);
export const GZIP_TRAILER_BYTES = 8;

/** CRC-32 and length modulo 2^32 of the uncompressed bytes, little-endian. */
export function gzipTrailer(crc32: number, inputBytes: number): Buffer {
  const trailer = Buffer.alloc(GZIP_TRAILER_BYTES);
  trailer.writeUInt32LE(crc32 >>> 0, 0);
  trailer.writeUInt32LE(inputBytes % 2 ** 32, 4);
  return trailer;
}
