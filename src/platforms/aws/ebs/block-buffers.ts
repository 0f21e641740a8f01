/**
 * Memory for blocks, used again and again: half a MiB for each block that was read piles up until the next collection of all garbage, since
 * V8 sees little of what is outside its heap.
 */
export class BlockBuffers {
  readonly #free: Buffer[] = [];

  /** Holds whatever was in it before. */
  take(sizeBytes: number): Buffer {
    const free = this.#free.pop();
    return free?.length === sizeBytes ? free : Buffer.allocUnsafeSlow(sizeBytes);
  }

  /** Once for each that was taken, when nobody reads or writes it any more. */
  give(buffer: Buffer): void {
    this.#free.push(buffer);
  }
}
