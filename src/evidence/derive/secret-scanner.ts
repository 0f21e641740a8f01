import { MAX_SECRET_BYTES, SECRET_PATTERNS, type SecretPattern } from './secret-patterns.js';

/** Bytes looked at together; a match that begins in one window ends in it or in the overlap behind. */
const WINDOW_BYTES = 256 * 1024;

export interface SecretFinding {
  readonly kind: string;
  /** In the file. */
  readonly offset: number;
  /** As Latin-1. Never leaves the memory: what is shown and recorded is kind and place. */
  readonly text: string;
}

/**
 * Looks through the bytes of one file in windows that overlap by the longest possible match. What it finds does not depend on the pieces
 * in which the bytes come: a count that a person accepted must be the same the next time.
 */
export class SecretScanner {
  readonly #onFinding: (finding: SecretFinding) => void;
  readonly #patterns: readonly SecretPattern[];
  /** Of each pattern: where its last match ended. */
  readonly #resumeAt: number[];
  #pieces: Buffer[] = [];
  #heldBytes = 0;
  /** Of the bytes held: how many were looked at, and are there because a pattern may look behind itself. */
  #contextBytes = 0;
  /** Offset of the first byte held that was not looked at. */
  #offset = 0;

  constructor(onFinding: (finding: SecretFinding) => void, patterns: readonly SecretPattern[] = SECRET_PATTERNS) {
    this.#onFinding = onFinding;
    this.#patterns = patterns;
    this.#resumeAt = patterns.map(() => 0);
  }

  /** May keep the bytes until the next call. */
  push(bytes: Buffer): void {
    this.#pieces.push(bytes);
    this.#heldBytes += bytes.length;
    if (this.#heldBytes < this.#contextBytes + WINDOW_BYTES + MAX_SECRET_BYTES) return;
    let held = Buffer.concat(this.#pieces);
    while (held.length >= this.#contextBytes + WINDOW_BYTES + MAX_SECRET_BYTES) {
      const end = this.#contextBytes + WINDOW_BYTES;
      this.#look(held.subarray(0, end + MAX_SECRET_BYTES), end);
      held = held.subarray(end - MAX_SECRET_BYTES);
      this.#offset += WINDOW_BYTES;
      this.#contextBytes = MAX_SECRET_BYTES;
    }
    this.#pieces = [held];
    this.#heldBytes = held.length;
  }

  end(): void {
    const held = Buffer.concat(this.#pieces);
    this.#look(held, held.length);
    this.#pieces = [];
    this.#heldBytes = 0;
  }

  /** Matches that begin before `limit`, and behind the context. */
  #look(window: Buffer, limit: number): void {
    const text = window.toString('latin1');
    const textOffset = this.#offset - this.#contextBytes;
    for (const [index, { kind, pattern }] of this.#patterns.entries()) {
      pattern.lastIndex = Math.max(this.#contextBytes, (this.#resumeAt[index] ?? 0) - textOffset);
      for (let match = pattern.exec(text); match !== null && match.index < limit; match = pattern.exec(text)) {
        this.#onFinding({ kind, offset: textOffset + match.index, text: match[0] });
        this.#resumeAt[index] = textOffset + match.index + match[0].length;
      }
    }
  }
}
