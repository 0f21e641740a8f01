const LF = 0x0a;
/** Of the beginning of a line: the time stands there. */
const KEPT_BYTES = 64;

const timeOf = (line: Buffer): string | null => {
  const text = line.toString('latin1', 0, KEPT_BYTES);
  const space = text.indexOf(' ');
  const at = space === -1 ? text : text.slice(0, space);
  return /^\d{4}-\d{2}-\d{2}T[0-9:.]{8,20}(?:Z|[+-]\d{2}:\d{2})$/.test(at) ? at : null;
};

/** Measures a log as the API gave it, while it goes by: lines, bytes, the time of the first and of the last line. */
export class LogSpan {
  lines = 0;
  bytes = 0;
  firstAt: string | null = null;
  lastAt: string | null = null;
  /** Beginning of a line that is not ended yet, and how much of it there was. */
  #begun: Buffer = Buffer.alloc(0);
  #begunBytes = 0;

  write(bytes: Buffer): void {
    this.bytes += bytes.length;
    let from = 0;
    let end = bytes.indexOf(LF);
    while (end !== -1 && (this.#begunBytes > 0 || this.firstAt === null)) {
      this.#keep(bytes.subarray(from, end));
      this.#endLine();
      from = end + 1;
      end = bytes.indexOf(LF, from);
    }
    if (end !== -1) {
      const last = bytes.lastIndexOf(LF);
      for (let at = end; at !== -1; at = bytes.indexOf(LF, at + 1)) this.lines += 1;
      this.#takeLastTime(bytes.subarray(from, last));
      from = last + 1;
    }
    this.#keep(bytes.subarray(from));
  }

  end(): void {
    if (this.#begunBytes > 0) this.#endLine();
  }

  /** Of whole lines, the last without its end: those between the first and the last are only counted. */
  #takeLastTime(lines: Buffer): void {
    for (let stop = lines.length; ;) {
      const start = stop === 0 ? 0 : lines.lastIndexOf(LF, stop - 1) + 1;
      const at = timeOf(lines.subarray(start, stop));
      if (at !== null) this.lastAt = at;
      if (at !== null || start === 0) return;
      stop = start - 1;
    }
  }

  #keep(piece: Buffer): void {
    const room = KEPT_BYTES - this.#begun.length;
    if (room > 0 && piece.length > 0) {
      const kept = piece.subarray(0, room);
      this.#begun = this.#begun.length === 0 ? Buffer.from(kept) : Buffer.concat([this.#begun, kept]);
    }
    this.#begunBytes += piece.length;
  }

  #endLine(): void {
    this.lines += 1;
    const at = timeOf(this.#begun);
    this.#begun = Buffer.alloc(0);
    this.#begunBytes = 0;
    if (at === null) return;
    this.firstAt ??= at;
    this.lastAt = at;
  }
}
