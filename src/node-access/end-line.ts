/** Bytes of standard error that are kept: the end line is the last of it. */
const KEPT_BYTES = 65_536;

export interface EndLine {
  readonly exitStatus: number;
  readonly sha256: string;
}

/** Standard error of a far script: keeps its end, in which the line stands that says how the script ended. */
export class FarStderr {
  #kept: Buffer = Buffer.alloc(0);

  feed(chunk: Buffer): void {
    const joined = Buffer.concat([this.#kept, chunk]);
    this.#kept = Buffer.from(joined.subarray(Math.max(0, joined.length - KEPT_BYTES)));
  }

  /** The end line with this nonce, as the last thing said; `null` when it is not there. */
  endLine(nonce: string): EndLine | null {
    const line = new RegExp(`\\nexhibit-end/1 ${nonce} (\\d{1,3}) ([0-9a-f]{64})\\n$`).exec(
      this.#kept.toString('latin1'),
    );
    if (line?.[1] === undefined || line[2] === undefined) return null;
    return { exitStatus: Number(line[1]), sha256: line[2] };
  }

  /** What the script itself said, without the end line. Untrusted. */
  text(nonce: string): string {
    const text = this.#kept.toString('utf8');
    const at = text.lastIndexOf(`\nexhibit-end/1 ${nonce} `);
    return at === -1 ? text : text.slice(0, at);
  }
}
