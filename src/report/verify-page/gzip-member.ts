import { areSame } from '../../lib/bytes.js';
import { crc32 } from './crc32.js';
import { Pacer } from './pacer.js';
import { Sha256 } from './sha256.js';

/** The one gzip header that exhibit/1 has. */
const HEADER = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 0xff);
const TRAILER_BYTES = 8;
const READ_BYTES = 4 * 1024 * 1024;
/** Handed to the browser's inflater at once. Deflate ends at 1032 to one: at most 34 MB come out before the next piece goes in. */
const PIECE_BYTES = 32 * 1024;
/** The program's writer reaches a few hundred to one; what is beyond this, and large, was made to keep the reader busy. */
const MAX_RATIO = 1000;
const RATIO_FROM_BYTES = 2 ** 30;

export interface GzipMember {
  /** SHA-256 of the whole file, whatever it holds. */
  readonly containerSha256: string;
  readonly sizeBytes: number;
  /** Uncompressed. */
  readonly tarBytes: number;
  /** Why the file is not exactly one gzip member of our form; `null` when it is. */
  readonly problem: { readonly expected: string; readonly found: string } | null;
  /** `isEnough` ended the inflating before the member did. */
  readonly isCutShort: boolean;
}

export interface GzipMemberOptions {
  /** Gets the uncompressed bytes in order; may not keep them. */
  readonly onBytes: (bytes: Uint8Array) => void;
  /** Asked before each piece: whether the rest is of no interest. Then the file is hashed to its end, and only that. */
  readonly isEnough: () => boolean;
  readonly onProgress: (progress: { readonly readBytes: number; readonly tarBytes: number }) => void;
  readonly signal: AbortSignal;
}

type State = 'open' | 'ended' | 'damaged' | 'enough' | 'bomb';

/**
 * The browser's inflater for bare deflate. It refuses bytes after the end and an early end, which `self-test.ts` makes sure of; a
 * header or a second member inside the data is bytes after the end. CRC-32 and length are computed here.
 */
class Inflater {
  readonly #stream = new DecompressionStream('deflate-raw');
  readonly #writer = this.#stream.writable.getWriter();
  readonly #reader = this.#stream.readable.getReader();
  readonly #options: GzipMemberOptions;
  readonly #pacer: Pacer;
  readonly #drained: Promise<void>;
  #thrown: { readonly error: unknown } | undefined;
  #crc32 = 0;
  #writtenBytes = 0;
  state: State = 'open';
  tarBytes = 0;

  constructor(options: GzipMemberOptions, pacer: Pacer) {
    this.#options = options;
    this.#pacer = pacer;
    this.#drained = this.#drain();
  }

  /** Resolves when the bytes are on their way and little of what came before is left. Throws what `onBytes` threw. */
  async write(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    for (let at = 0; at < bytes.length && this.state === 'open'; at += PIECE_BYTES) {
      const piece = bytes.subarray(at, at + PIECE_BYTES);
      this.#writtenBytes += piece.length;
      // A stream that broke says so to the reader as well, which settles the state.
      await this.#writer.ready.catch(ignore);
      void this.#writer.write(piece).catch(ignore);
    }
    this.#rethrow();
  }

  async end(): Promise<void> {
    void this.#writer.close().catch(ignore);
    await this.#drained;
    this.#rethrow();
  }

  /** CRC-32 and length modulo 2^32 as gzip has them. */
  trailer(): Uint8Array {
    const trailer = new DataView(new ArrayBuffer(TRAILER_BYTES));
    trailer.setUint32(0, this.#crc32, true);
    trailer.setUint32(4, this.tarBytes % 2 ** 32, true);
    return new Uint8Array(trailer.buffer);
  }

  async #drain(): Promise<void> {
    try {
      for (;;) {
        const { done, value } = await this.#reader.read();
        if (done) break;
        this.state = this.#reasonToGiveUp(value.length) ?? 'open';
        if (this.state !== 'open') break;
        this.#take(value);
        await this.#pacer.pause();
      }
    } catch (error) {
      this.state = 'damaged';
      if (this.#options.signal.aborted) this.#thrown ??= { error };
    }
    if (this.state === 'open' && this.#thrown === undefined) this.state = 'ended';
    await this.#reader.cancel().catch(ignore);
  }

  #take(bytes: Uint8Array): void {
    this.#crc32 = crc32(bytes, this.#crc32);
    this.tarBytes += bytes.length;
    try {
      this.#options.onBytes(bytes);
    } catch (error) {
      this.#thrown = { error };
      throw error;
    }
  }

  #reasonToGiveUp(moreBytes: number): State | null {
    if (this.#options.isEnough()) return 'enough';
    const tarBytes = this.tarBytes + moreBytes;
    return tarBytes > RATIO_FROM_BYTES && tarBytes > MAX_RATIO * this.#writtenBytes ? 'bomb' : null;
  }

  #rethrow(): void {
    if (this.#thrown !== undefined) throw this.#thrown.error;
  }
}

function ignore(): void {
  // Whoever reads the other end hears of it.
}

/** Takes header, deflate data and trailer from where they must be, which the size of the file settles. */
class MemberParser {
  readonly #inflater: Inflater;
  readonly #dataEnd: number;
  readonly #sizeBytes: number;
  readonly #header = new Uint8Array(HEADER.length);
  readonly #trailer = new Uint8Array(TRAILER_BYTES);

  constructor(sizeBytes: number, inflater: Inflater) {
    this.#inflater = inflater;
    this.#sizeBytes = sizeBytes;
    this.#dataEnd = sizeBytes - TRAILER_BYTES;
  }

  /** The next bytes of the file, which begin at `from`. */
  async write(bytes: Uint8Array<ArrayBuffer>, from: number): Promise<void> {
    const part = (start: number, end: number): Uint8Array<ArrayBuffer> =>
      bytes.subarray(Math.max(0, start - from), Math.max(0, end - from));
    if (from < HEADER.length) this.#header.set(part(0, HEADER.length), from);
    const trailerBytes = part(this.#dataEnd, this.#sizeBytes);
    if (this.#dataEnd >= 0 && trailerBytes.length > 0)
      this.#trailer.set(trailerBytes, Math.max(0, from - this.#dataEnd));
    if (this.#isHeaderGood) await this.#inflater.write(part(HEADER.length, this.#dataEnd));
  }

  async problem(): Promise<GzipMember['problem']> {
    if (this.#isHeaderGood) await this.#inflater.end();
    const { state } = this.#inflater;
    if (this.#sizeBytes > 0 && !this.#isHeaderGood)
      return { expected: 'the gzip header of exhibit/1', found: 'another beginning' };
    if (this.#dataEnd <= HEADER.length) return { expected: 'one whole gzip member', found: 'the file ends early' };
    if (state === 'bomb')
      return { expected: `at most ${String(MAX_RATIO)} bytes out of one`, found: 'a bomb: it unpacks to more' };
    if (state === 'enough') return null;
    if (state !== 'ended')
      return { expected: 'one whole gzip member', found: 'damaged data, an early end, or bytes after the end' };
    if (areSame(this.#trailer, this.#inflater.trailer())) return null;
    return { expected: 'CRC-32 and length of the data', found: 'another trailer' };
  }

  get #isHeaderGood(): boolean {
    return areSame(this.#header, HEADER);
  }
}

/**
 * Reads a file to its end once: hashes it and inflates its single gzip member. Rejects when the file cannot be read, when `signal` says
 * stop, and with what `onBytes` throws; for everything that the content does it returns `problem`.
 */
export async function readGzipMember(file: Blob, options: GzipMemberOptions): Promise<GzipMember> {
  const { onProgress, signal } = options;
  const pacer = new Pacer(signal);
  const inflater = new Inflater(options, pacer);
  const parser = new MemberParser(file.size, inflater);
  const hash = new Sha256();
  const pieceAt = (from: number): Promise<ArrayBuffer> => file.slice(from, from + READ_BYTES).arrayBuffer();
  let next = pieceAt(0);
  for (let from = 0; from < file.size; from += READ_BYTES) {
    const bytes = new Uint8Array(await next);
    next = pieceAt(from + READ_BYTES);
    hash.update(bytes);
    await parser.write(bytes, from);
    onProgress({ readBytes: from + bytes.length, tarBytes: inflater.tarBytes });
    await pacer.pause();
  }
  const problem = await parser.problem();
  return {
    containerSha256: hash.hex(),
    sizeBytes: file.size,
    tarBytes: inflater.tarBytes,
    problem,
    isCutShort: inflater.state === 'enough',
  };
}
