const NUL = 0x00;
const LF = 0x0a;
const MAX_NAME_BYTES = 4096;
/** Longer content is cut, and said to be. Bytes. */
const MAX_CONTENT_BYTES = 1024 * 1024;

export interface GrepRecord {
  /** The file as it was named to grep, or the label; ours, hence ASCII. */
  readonly name: string;
  /** One line without its end. Valid during the call only. */
  readonly content: Buffer;
  /** The line was longer than 1 MiB. */
  readonly isCut: boolean;
}

/**
 * Reads what `grep -aHZ ''` prints of many files as it goes by: `<name> NUL <line> LF`, or with `-z` `<name> NUL <line> NUL`. No line
 * can hold its own end and no name of ours a NUL, so that nothing in a file can pass for another file. What grep adds at the end
 * of a file without a last line end is not told apart.
 */
export class GrepRecords {
  /** Lines without a name: a stream that is not grep's, or the rest of a cut one. */
  malformed = 0;
  readonly #end: number;
  readonly #take: (record: GrepRecord) => void;
  #name: string | null = null;
  #held: Buffer[] = [];
  #heldBytes = 0;
  #isCut = false;

  constructor(end: 'LF' | 'NUL', take: (record: GrepRecord) => void) {
    this.#end = end === 'LF' ? LF : NUL;
    this.#take = take;
  }

  /** Reads the chunk only during the call. */
  feed(chunk: Buffer): void {
    let from = 0;
    while (from < chunk.length)
      from = this.#name === null ? this.#readName(chunk, from) : this.#readContent(chunk, from);
  }

  /** Whether the stream ended at the end of a record. */
  get isBetweenRecords(): boolean {
    return this.#name === null && this.#heldBytes === 0;
  }

  #readName(chunk: Buffer, from: number): number {
    const nul = chunk.indexOf(NUL, from);
    const part = chunk.subarray(from, nul === -1 ? chunk.length : nul);
    this.#hold(part, MAX_NAME_BYTES);
    if (nul === -1) return chunk.length;
    const name = this.#release().toString('latin1');
    const lf = name.lastIndexOf('\n');
    if (lf !== -1 || this.#isCut || name === '') this.malformed += 1;
    this.#isCut = false;
    // No file is named so: whoever writes between two records may give NULs until the reader is back at a name.
    if (name !== '') this.#name = name.slice(lf + 1);
    return nul + 1;
  }

  #readContent(chunk: Buffer, from: number): number {
    const end = chunk.indexOf(this.#end, from);
    if (this.#heldBytes === 0 && end !== -1 && end - from <= MAX_CONTENT_BYTES) {
      this.#give(chunk.subarray(from, end));
      return end + 1;
    }
    this.#hold(chunk.subarray(from, end === -1 ? chunk.length : end), MAX_CONTENT_BYTES);
    if (end === -1) return chunk.length;
    this.#give(this.#release());
    return end + 1;
  }

  #give(content: Buffer): void {
    const name = this.#name ?? '';
    const isCut = this.#isCut;
    this.#name = null;
    this.#isCut = false;
    this.#take({ name, content, isCut });
  }

  #hold(part: Buffer, maxBytes: number): void {
    const room = maxBytes - this.#heldBytes;
    if (part.length > room) this.#isCut = true;
    if (room <= 0 || part.length === 0) return;
    const kept = Buffer.from(part.subarray(0, room));
    this.#held.push(kept);
    this.#heldBytes += kept.length;
  }

  #release(): Buffer {
    const whole = this.#held.length === 1 ? (this.#held[0] ?? Buffer.alloc(0)) : Buffer.concat(this.#held);
    this.#held = [];
    this.#heldBytes = 0;
    return whole;
  }
}
