import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { storageError } from '../custody/storage-error.js';

const BATCH_CHARACTERS = 1024 * 1024;

/** A new file of ASCII text that is written in many small pieces and read later. Not synced: it is made again after a crash. */
export class ScratchFile {
  readonly path: string;
  readonly #fd: number;
  #pieces: string[] = [];
  #characters = 0;
  #closed = false;

  constructor(path: string) {
    this.path = path;
    try {
      this.#fd = openSync(
        path,
        constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
        0o600,
      );
    } catch (error) {
      throw storageError(error, path);
    }
  }

  write(text: string): void {
    this.#pieces.push(text);
    this.#characters += text.length;
    if (this.#characters >= BATCH_CHARACTERS) this.#flush();
  }

  /** Safe to call more than once. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    try {
      this.#flush();
    } finally {
      closeSync(this.#fd);
    }
  }

  #flush(): void {
    const bytes = Buffer.from(this.#pieces.join(''), 'latin1');
    this.#pieces = [];
    this.#characters = 0;
    try {
      for (let at = 0; at < bytes.length;) at += writeSync(this.#fd, bytes, at, bytes.length - at);
    } catch (error) {
      throw storageError(error, this.path);
    }
  }
}
