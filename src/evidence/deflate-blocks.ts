import { constants, crc32, deflateRaw, type ZlibOptions } from 'node:zlib';

const BLOCK_BYTES = 512 * 1024;
const WINDOW_BYTES = 32 * 1024;
/** Blocks being deflated or written at once: enough to keep libuv's four threads busy, few enough to keep memory flat. */
const MAX_IN_FLIGHT = 6;

export interface DeflateTotals {
  readonly crc32: number;
  readonly inputBytes: number;
}

function deflateBlock(block: Buffer, options: ZlibOptions): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    deflateRaw(block, options, (error, deflated) => {
      if (error === null) resolve(deflated);
      else reject(error);
    });
  });
}

/**
 * One deflate stream made of blocks that are compressed at the same time on the thread pool. Each block takes the 32 KiB before it as
 * its dictionary and ends byte-aligned (Z_SYNC_FLUSH), so that the pieces joined are one valid stream. `emit` gets the pieces in order,
 * one at a time; what it throws is thrown by the next call here.
 */
export class DeflateBlocks {
  readonly #emit: (piece: Buffer) => Promise<void>;
  readonly #free: Buffer[] = [];
  readonly #pending: Promise<void>[] = [];
  #gathering: Buffer = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  #gathered = 0;
  #window: Buffer | undefined;
  #last: Promise<void> = Promise.resolve();
  #failure: { readonly error: unknown } | undefined;
  #crc32 = 0;
  #inputBytes = 0;

  constructor(emit: (piece: Buffer) => Promise<void>) {
    this.#emit = emit;
  }

  /** Copies `bytes`. Await a returned promise before the next call: it is the back-pressure. */
  append(bytes: Uint8Array): void | Promise<void> {
    this.#throwFailure();
    const taken = this.#fill(bytes, 0);
    if (taken === bytes.length && this.#pending.length < MAX_IN_FLIGHT) return undefined;
    return this.#appendRest(bytes, taken);
  }

  /** Ends the stream; resolves when the last piece was emitted. */
  async finish(): Promise<DeflateTotals> {
    this.#throwFailure();
    this.#submit(constants.Z_FINISH);
    await this.settle();
    this.#throwFailure();
    return { crc32: this.#crc32, inputBytes: this.#inputBytes };
  }

  /** Waits until nothing is being deflated or emitted. Never throws. */
  async settle(): Promise<void> {
    await this.#last;
  }

  async #appendRest(bytes: Uint8Array, from: number): Promise<void> {
    let taken = from;
    for (;;) {
      while (this.#pending.length >= MAX_IN_FLIGHT) await this.#pending[0];
      this.#throwFailure();
      if (taken === bytes.length) return;
      taken = this.#fill(bytes, taken);
    }
  }

  /** Takes from `from` on until all is taken or too many blocks are in flight; returns where it stopped. */
  #fill(bytes: Uint8Array, from: number): number {
    let taken = from;
    while (taken < bytes.length && this.#pending.length < MAX_IN_FLIGHT) {
      const room = Math.min(BLOCK_BYTES - this.#gathered, bytes.length - taken);
      this.#gathering.set(bytes.subarray(taken, taken + room), this.#gathered);
      this.#gathered += room;
      taken += room;
      if (this.#gathered === BLOCK_BYTES) this.#submit(constants.Z_SYNC_FLUSH);
    }
    return taken;
  }

  #submit(finishFlush: number): void {
    const buffer = this.#gathering;
    const block = buffer.subarray(0, this.#gathered);
    this.#crc32 = crc32(block, this.#crc32);
    this.#inputBytes += block.length;
    const options: ZlibOptions = { level: 1, finishFlush, chunkSize: block.length + 1024 };
    if (this.#window !== undefined) options.dictionary = this.#window;
    const deflated = deflateBlock(block, options);
    this.#window = Buffer.from(block.subarray(Math.max(0, block.length - WINDOW_BYTES)));
    const before = this.#last;
    const emitted = this.#emitAfter(before, deflated).finally(() => {
      this.#free.push(buffer);
      void this.#pending.shift();
    });
    this.#last = emitted;
    this.#pending.push(emitted);
    this.#gathering = this.#free.pop() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES);
    this.#gathered = 0;
  }

  async #emitAfter(before: Promise<void>, deflated: Promise<Buffer>): Promise<void> {
    const [piece] = await Promise.allSettled([deflated, before]);
    if (this.#failure !== undefined) return;
    try {
      if (piece.status === 'rejected') throw piece.reason;
      await this.#emit(piece.value);
    } catch (error) {
      this.#failure = { error };
    }
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}
