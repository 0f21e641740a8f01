const NUL = 0x00;
/** A longer field is no answer of ours; the rest of the stream is not read. Bytes. */
const MAX_FIELD_BYTES = 1024 * 1024;

/** Reads rows of `width` fields, each ended by a NUL, as `find -printf` and `stat --printf` write them for us, as they go by. */
export class NulRows {
  /** A field was longer than 1 MiB: nothing after it is read. */
  isBroken = false;
  readonly #width: number;
  readonly #take: (row: readonly Buffer[]) => void;
  #row: Buffer[] = [];
  #rest: Buffer = Buffer.alloc(0);

  /** The fields may be kept. */
  constructor(width: number, take: (row: readonly Buffer[]) => void) {
    this.#width = width;
    this.#take = take;
  }

  /** Reads the chunk only during the call. */
  feed(chunk: Buffer): void {
    if (this.isBroken) return;
    let from = 0;
    for (let nul = chunk.indexOf(NUL); nul !== -1; nul = chunk.indexOf(NUL, from)) {
      this.#field(Buffer.concat([this.#rest, chunk.subarray(from, nul)]));
      this.#rest = Buffer.alloc(0);
      from = nul + 1;
    }
    if (from < chunk.length) this.#rest = Buffer.concat([this.#rest, chunk.subarray(from)]);
    this.isBroken = this.#rest.length > MAX_FIELD_BYTES;
  }

  /** Whether the stream ended at the end of a row. */
  get isBetweenRows(): boolean {
    return this.#row.length === 0 && this.#rest.length === 0;
  }

  #field(field: Buffer): void {
    this.#row.push(field);
    if (this.#row.length < this.#width) return;
    const row = this.#row;
    this.#row = [];
    this.#take(row);
  }
}
