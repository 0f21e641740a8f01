import { createHash, type Hash } from 'node:crypto';
import type { ByteFinder } from './byte-finder.js';

/** What stands where bytes went. In JSON a string, so that what is around it stays JSON. */
const TEXT_MARKER = Buffer.from('[redacted]');
const JSON_MARKER = Buffer.from('"[redacted]"');

export interface RuleFinder {
  readonly rule: string;
  readonly isJson: boolean;
  readonly finder: ByteFinder;
}

/** One run of bytes that went, and the opening of its commitment. */
export interface Redaction {
  /** In the parent's bytes. */
  readonly offset: number;
  readonly lengthBytes: number;
  readonly rules: readonly string[];
  readonly salt: Buffer;
  readonly sha256: string;
  readonly saltedSha256: string;
}

export interface ItemRedactorOptions {
  readonly finders: readonly RuleFinder[];
  /** 32 random bytes. */
  readonly newSalt: () => Buffer;
  /** Gets what stays, with markers; may keep the bytes. */
  readonly onBytes: (bytes: Buffer) => void;
  readonly onRedaction: (redaction: Redaction) => void;
}

interface Piece {
  readonly start: number;
  readonly end: number;
  readonly rule: string;
  readonly isJson: boolean;
}

interface Run {
  readonly offset: number;
  readonly rules: Set<string>;
  readonly commitment: Commitment;
}

/** The commitment to bytes that went, made while they pass by. */
export class Commitment {
  readonly salt: Buffer;
  readonly #plain: Hash = createHash('sha256');
  readonly #salted: Hash;
  #lengthBytes = 0;

  constructor(salt: Buffer) {
    this.salt = salt;
    this.#salted = createHash('sha256').update(salt);
  }

  update(bytes: Buffer): void {
    this.#plain.update(bytes);
    this.#salted.update(bytes);
    this.#lengthBytes += bytes.length;
  }

  close(offset: number, rules: readonly string[]): Redaction {
    return {
      offset,
      lengthBytes: this.#lengthBytes,
      rules,
      salt: this.salt,
      sha256: this.#plain.digest('hex'),
      saltedSha256: this.#salted.digest('hex'),
    };
  }
}

/**
 * Takes the bytes of one file and gives them on without those that some rule finds; every other byte stays as it is. Runs that touch are
 * one redaction with one marker. Holds what is not decided yet and no more.
 */
export class ItemRedactor {
  readonly #options: ItemRedactorOptions;
  #held: Buffer = Buffer.alloc(0);
  /** Offset of the first byte held. */
  #doneBytes = 0;
  #run: Run | null = null;

  constructor(options: ItemRedactorOptions) {
    this.#options = options;
  }

  /** Why a rule cannot say anything of this file, and which; `null` while all can. */
  get problem(): { readonly rule: string; readonly what: string } | null {
    for (const { rule, finder } of this.#options.finders)
      if (finder.problem !== null) return { rule, what: finder.problem };
    return null;
  }

  push(bytes: Buffer): void {
    this.#held = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes]);
    for (const { finder } of this.#options.finders) finder.push(bytes);
    if (this.problem === null) this.#flush();
  }

  end(): void {
    for (const { finder } of this.#options.finders) finder.end();
    if (this.problem !== null) return;
    this.#flush();
    this.#closeRun();
  }

  #flush(): void {
    const limit = Math.min(...this.#options.finders.map(({ finder }) => finder.decidedBytes));
    const pieces = this.#options.finders
      .flatMap(({ finder, rule, isJson }): Piece[] => finder.take(limit).map((range) => ({ ...range, rule, isJson })))
      .sort((a, b) => a.start - b.start || Number(b.isJson) - Number(a.isJson));
    for (const piece of pieces) {
      if (piece.start > this.#doneBytes) this.#keep(piece.start);
      this.#run ??= this.#openRun(piece);
      this.#run.rules.add(piece.rule);
      if (piece.end > this.#doneBytes) this.#run.commitment.update(this.#takeUntil(piece.end));
    }
    if (limit > this.#doneBytes) this.#keep(limit);
  }

  #keep(until: number): void {
    this.#closeRun();
    this.#options.onBytes(this.#takeUntil(until));
  }

  #openRun({ isJson }: Piece): Run {
    this.#options.onBytes(isJson ? JSON_MARKER : TEXT_MARKER);
    return { offset: this.#doneBytes, rules: new Set<string>(), commitment: new Commitment(this.#options.newSalt()) };
  }

  #closeRun(): void {
    if (this.#run === null) return;
    const { offset, rules, commitment } = this.#run;
    this.#run = null;
    this.#options.onRedaction(commitment.close(offset, [...rules].sort()));
  }

  #takeUntil(offset: number): Buffer {
    const bytes = this.#held.subarray(0, offset - this.#doneBytes);
    this.#held = this.#held.subarray(bytes.length);
    this.#doneBytes = offset;
    return bytes;
  }
}
