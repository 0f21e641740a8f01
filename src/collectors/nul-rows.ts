const NUL = 0x00;
/** A longer field is no answer of ours, and the rest of the stream is not read, unless a length is given. */
const MAX_FIELD_BYTES = 1024 * 1024;

/** Reads rows of `width` fields, each ended by a NUL, as `find -printf` and `stat --printf` write them for us, as they go by. */
export class NulRows {
  /** A field was longer than 1 MiB: nothing after it is read. */
  isBroken = false;
  readonly #width: number;
  readonly #take: (row: readonly Buffer[]) => void;
  readonly #maxFieldBytes: number;
  readonly #leavesOut: boolean;
  #row: Buffer[] = [];
  /** Of a field whose end has not come. */
  #held: Buffer[] = [];
  #heldBytes = 0;
  #isTooLong = false;

  /**
   * The fields may be kept. With `longestBytes` a field may be so long, and a longer one is given as an empty one: what
   * somebody on the node says must not end what others say.
   */
  constructor(width: number, take: (row: readonly Buffer[]) => void, longestBytes?: number) {
    this.#width = width;
    this.#take = take;
    this.#maxFieldBytes = longestBytes ?? MAX_FIELD_BYTES;
    this.#leavesOut = longestBytes !== undefined;
  }

  /** Reads the chunk only during the call. */
  feed(chunk: Buffer): void {
    if (this.isBroken) return;
    let from = 0;
    for (let nul = chunk.indexOf(NUL); nul !== -1; nul = chunk.indexOf(NUL, from)) {
      if (!this.#hold(chunk.subarray(from, nul))) return;
      this.#field(this.#release());
      from = nul + 1;
    }
    if (from < chunk.length) this.#hold(chunk.subarray(from));
  }

  /** Whether the stream ended at the end of a row. */
  get isBetweenRows(): boolean {
    return this.#row.length === 0 && this.#heldBytes === 0;
  }

  /** Returns whether there is more to read. */
  #hold(part: Buffer): boolean {
    this.#heldBytes += part.length;
    this.#isTooLong ||= this.#heldBytes > this.#maxFieldBytes;
    this.isBroken = this.#isTooLong && !this.#leavesOut;
    if (this.#isTooLong) this.#held = [];
    else if (part.length > 0) this.#held.push(Buffer.from(part));
    return !this.isBroken;
  }

  #release(): Buffer {
    const [first = Buffer.alloc(0), ...more] = this.#held;
    const field = more.length === 0 ? first : Buffer.concat(this.#held);
    this.#held = [];
    this.#heldBytes = 0;
    this.#isTooLong = false;
    return field;
  }

  #field(field: Buffer): void {
    this.#row.push(field);
    if (this.#row.length < this.#width) return;
    const row = this.#row;
    this.#row = [];
    this.#take(row);
  }
}
