/**
 * Sizes of an age v1 file (C2SP age specification): a textual header, a nonce of 16 bytes, then the payload in chunks of 64 KiB, each
 * followed by its tag. Only the last chunk is shorter, and it is empty only when the whole payload is.
 */

export const AGE_VERSION_LINE = 'age-encryption.org/v1';
export const CHUNK_BYTES = 64 * 1024;
export const TAG_BYTES = 16;
export const NONCE_BYTES = 16;
export const SEALED_CHUNK_BYTES = CHUNK_BYTES + TAG_BYTES;

/** Chunks that are read and written at once. */
export const BATCH_CHUNKS = 16;

/** scrypt of a passphrase that we encrypt with does 2^18 rounds. */
export const SCRYPT_LOG_N = 18;

/** A hybrid recipient takes 1.6 KiB, others far less; the program `age` accepts as much. */
export const MAX_HEADER_BYTES = 512 * 1024;

/** Bytes that a payload of `plainBytes` has when it is encrypted. */
export function sealedPayloadBytes(plainBytes: number): number {
  return plainBytes + TAG_BYTES * Math.max(1, Math.ceil(plainBytes / CHUNK_BYTES));
}

/** The inverse; `null` for a size that no payload has: cut inside a tag, or with an empty last chunk after others. */
export function plainPayloadBytes(sealedBytes: number): number | null {
  const rest = sealedBytes % SEALED_CHUNK_BYTES;
  if (sealedBytes === TAG_BYTES) return 0;
  if (sealedBytes === 0 || (rest > 0 && rest <= TAG_BYTES)) return null;
  return sealedBytes - TAG_BYTES * Math.ceil(sealedBytes / SEALED_CHUNK_BYTES);
}
