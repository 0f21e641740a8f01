/** Bytes that can be read at any place. */
export interface RandomAccess {
  readonly sizeBytes: number;
  /** A buffer of the caller's own; shorter than asked only where the source ends. Throws what the source throws. */
  read(offset: number, lengthBytes: number): Buffer;
}
