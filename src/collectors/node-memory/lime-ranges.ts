const HEADER_BYTES = 32;
/** `EMiL` in the file: LiME's magic number, little-endian. */
const MAGIC = 0x4c694d45;

/**
 * Follows the ranges of a LiME image as its bytes go by: header of 32 bytes (magic, version 1, first and last physical address), then
 * the bytes of the range. Keeps nothing of them.
 */
export class LimeRanges {
  ranges = 0;
  memoryBytes = 0n;
  #head = Buffer.alloc(0);
  #left = 0n;
  #isBroken = false;

  write(bytes: Buffer): void {
    let at = 0;
    while (at < bytes.length && !this.#isBroken) {
      if (this.#left > 0n) {
        const taken = this.#left < BigInt(bytes.length - at) ? Number(this.#left) : bytes.length - at;
        this.#left -= BigInt(taken);
        at += taken;
        continue;
      }
      const needed = Math.min(HEADER_BYTES - this.#head.length, bytes.length - at);
      this.#head = Buffer.concat([this.#head, bytes.subarray(at, at + needed)]);
      at += needed;
      if (this.#head.length === HEADER_BYTES) this.#begin();
    }
  }

  /** Whether what was seen is whole ranges, at least one. */
  get isWhole(): boolean {
    return !this.#isBroken && this.ranges > 0 && this.#left === 0n && this.#head.length === 0;
  }

  #begin(): void {
    const first = this.#head.readBigUInt64LE(8);
    const last = this.#head.readBigUInt64LE(16);
    const isHeader = this.#head.readUInt32LE(0) === MAGIC && this.#head.readUInt32LE(4) === 1 && last >= first;
    this.#head = Buffer.alloc(0);
    if (!isHeader) {
      this.#isBroken = true;
      return;
    }
    this.ranges += 1;
    this.#left = last - first + 1n;
    this.memoryBytes += this.#left;
  }
}
