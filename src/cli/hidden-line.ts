const MAX_BYTES = 1024;

export type LineState = 'open' | 'done' | 'interrupted' | 'closed';

const isContinuation = (byte: number | undefined): boolean => byte !== undefined && (byte & 0xc0) === 0x80;

/** A line that is typed at a terminal in raw mode, byte by byte; nothing of it is ever shown. */
export class HiddenLine {
  readonly #bytes = Buffer.alloc(MAX_BYTES);
  #length = 0;
  #state: LineState = 'open';

  get state(): LineState {
    return this.#state;
  }

  /** Takes bytes up to the end of the line and returns those after it. */
  push(chunk: Buffer): Buffer {
    let at = 0;
    while (at < chunk.length && this.#state === 'open') {
      this.#type(chunk[at] ?? 0);
      at += 1;
    }
    return chunk.subarray(at);
  }

  /** A copy of the line; what is held here is overwritten. */
  take(): Buffer {
    const line = Buffer.from(this.#bytes.subarray(0, this.#length));
    this.forget();
    return line;
  }

  forget(): void {
    this.#bytes.fill(0);
    this.#length = 0;
  }

  #type(byte: number): void {
    if (byte === 0x0a || byte === 0x0d) this.#state = 'done';
    else if (byte === 0x03) this.#state = 'interrupted';
    else if (byte === 0x04) this.#state = 'closed';
    else if (byte === 0x08 || byte === 0x7f) this.#erase();
    else if (byte === 0x15) this.forget();
    else if (this.#length < MAX_BYTES) this.#bytes[this.#length++] = byte;
  }

  /** The last character, which in UTF-8 may be several bytes. */
  #erase(): void {
    while (this.#length > 1 && isContinuation(this.#bytes[this.#length - 1])) this.#length -= 1;
    if (this.#length > 0) this.#length -= 1;
  }
}
