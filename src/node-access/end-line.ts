/** Bytes of standard error that are kept: the end line is the last of it. */
const KEPT_BYTES = 65_536;

export interface EndLine {
  readonly exitStatus: number;
  readonly sha256: string;
}

/** Standard error of a far script: keeps its end, in which the line stands that says how the script ended. */
export class FarStderr {
  #chunks: Buffer[] = [];
  #sizeBytes = 0;

  /** Joined only when it has grown to twice of what is kept: a far side that complains byte by byte must not cost a copy for each. */
  feed(chunk: Buffer): void {
    this.#chunks.push(Buffer.from(chunk.subarray(-KEPT_BYTES)));
    this.#sizeBytes += Math.min(chunk.length, KEPT_BYTES);
    if (this.#sizeBytes >= 2 * KEPT_BYTES) this.#join();
  }

  #join(): Buffer {
    const joined = Buffer.concat(this.#chunks);
    const kept = Buffer.from(joined.subarray(-KEPT_BYTES));
    this.#chunks = [kept];
    this.#sizeBytes = kept.length;
    return kept;
  }

  /** The end line with this nonce, as the last thing said; `null` when it is not there. */
  endLine(nonce: string): EndLine | null {
    const line = new RegExp(`\\nexhibit-end/1 ${nonce} (\\d{1,3}) ([0-9a-f]{64})\\n$`).exec(
      this.#join().toString('latin1'),
    );
    if (line?.[1] === undefined || line[2] === undefined) return null;
    return { exitStatus: Number(line[1]), sha256: line[2] };
  }

  /** What the script itself said, without the end line. Untrusted. */
  text(nonce: string): string {
    const text = this.#join().toString('utf8');
    const at = text.lastIndexOf(`\nexhibit-end/1 ${nonce} `);
    return at === -1 ? text : text.slice(0, at);
  }
}
