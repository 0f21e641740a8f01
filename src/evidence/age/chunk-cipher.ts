import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';
import { TAG_BYTES } from './age-format.js';

const CIPHER = 'chacha20-poly1305';
const NONCE_BYTES = 12;
const COUNTER_AT = 5;
const COUNTER_BYTES = 6;
const OPTIONS = { authTagLength: TAG_BYTES } as const;

/** Which chunk it is; both go into its nonce, so that chunks cannot change places and the end cannot be cut off. */
export interface ChunkPlace {
  readonly index: number;
  readonly isLast: boolean;
}

/**
 * Encrypts and authenticates the chunks of one age payload with node:crypto, which takes a fifth of the time that a cipher in
 * JavaScript takes.
 */
export class ChunkCipher {
  readonly #key: Buffer;
  readonly #nonce = Buffer.alloc(NONCE_BYTES);

  /** `nonce` is the one that stands in the file before the payload. */
  constructor(fileKey: Uint8Array, nonce: Uint8Array) {
    this.#key = Buffer.from(hkdfSync('sha256', fileKey, nonce, 'payload', 32));
  }

  /** Writes the chunk and its tag into `target` from its beginning on; returns their length. */
  seal(place: ChunkPlace, chunk: Buffer, target: Buffer): number {
    const cipher = createCipheriv(CIPHER, this.#key, this.#nonceOf(place), OPTIONS);
    const length = cipher.update(chunk).copy(target);
    cipher.final();
    return length + cipher.getAuthTag().copy(target, length);
  }

  /** The plaintext of a chunk with its tag; `null` when it is not what was written at this place. */
  open(place: ChunkPlace, sealed: Buffer): Buffer | null {
    const end = sealed.length - TAG_BYTES;
    if (end < 0) return null;
    const decipher = createDecipheriv(CIPHER, this.#key, this.#nonceOf(place), OPTIONS);
    decipher.setAuthTag(sealed.subarray(end));
    const plain = decipher.update(sealed.subarray(0, end));
    try {
      decipher.final();
      return plain;
    } catch {
      return null;
    }
  }

  #nonceOf({ index, isLast }: ChunkPlace): Buffer {
    this.#nonce.writeUIntBE(index, COUNTER_AT, COUNTER_BYTES);
    this.#nonce[NONCE_BYTES - 1] = isLast ? 1 : 0;
    return this.#nonce;
  }
}
