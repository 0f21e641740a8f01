import { createHash } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import { ExhibitError } from '../../model/errors.js';
import type { ImageForm } from '../../ports/block-source.js';

/** So many zeros are hashed without letting anything else run: some milliseconds. */
const ZEROS = Buffer.alloc(4 * 1024 * 1024);

/** SHA-256 of an image whose blocks come in ascending order and whose other bytes are zeros. Holds no more than one block. */
export class ImageHash {
  readonly #hash = createHash('sha256');
  readonly #form: ImageForm;
  readonly #signal: AbortSignal;
  #at = 0;

  constructor(form: ImageForm, signal: AbortSignal) {
    this.#form = form;
    this.#signal = signal;
  }

  /** Bytes of the image that are hashed, zeros among them. */
  get doneBytes(): number {
    return this.#at;
  }

  /** What of the block belongs to the image: of the last one perhaps not all. */
  async block(index: number, bytes: Buffer): Promise<Buffer> {
    const offset = index * this.#form.blockBytes;
    const own = bytes.subarray(0, Math.min(bytes.length, this.#form.sizeBytes - offset));
    if (offset < this.#at || own.length === 0)
      throw new ExhibitError('INTERNAL', `block ${String(index)} is out of order`);
    await this.#zerosTo(offset);
    this.#hash.update(own);
    this.#at += own.length;
    return own;
  }

  async digest(): Promise<string> {
    await this.#zerosTo(this.#form.sizeBytes);
    return this.#hash.digest('hex');
  }

  async #zerosTo(end: number): Promise<void> {
    while (this.#at < end) {
      const piece = ZEROS.subarray(0, Math.min(ZEROS.length, end - this.#at));
      this.#hash.update(piece);
      this.#at += piece.length;
      await turn();
      if (this.#signal.aborted) throw interruption(this.#signal);
    }
  }
}

function interruption({ reason }: AbortSignal): ExhibitError {
  return reason instanceof ExhibitError ? reason : new ExhibitError('INTERRUPTED', 'it was interrupted');
}
