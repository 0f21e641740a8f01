import { createHash } from 'node:crypto';
import { crc32, createInflateRaw, type InflateRaw } from 'node:zlib';
import { GZIP_HEADER, GZIP_TRAILER_BYTES, gzipTrailer } from './gzip-format.js';
import type { ArchiveSource } from './open-archive.js';

const READ_BYTES = 256 * 1024;
const INFLATED_BYTES = 256 * 1024;
/** Our own writer reaches a few hundred to one; what is beyond this, and large, was made to keep the reader busy. Deflate ends at 1032. */
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

/**
 * Inflates on the thread pool and hands the bytes over on this thread, so that both work at once: while one piece is being looked at, the
 * next is already being inflated. At most two pieces exist.
 */
class Inflater {
  readonly #inflate: InflateRaw = createInflateRaw({ chunkSize: INFLATED_BYTES });
  readonly #onBytes: (bytes: Buffer) => void;
  readonly #maxTarBytes: number;
  readonly #isEnough: () => boolean;
  readonly #ratioFromBytes: number;
  readonly #queue: Buffer[] = [];
  #settle: (() => void) | undefined;
  #thrown: { readonly error: unknown } | undefined;
  #crc32 = 0;
  tarBytes = 0;
  state: InflaterState = 'open';

  constructor(options: GzipMemberOptions) {
    this.#onBytes = options.onBytes;
    this.#maxTarBytes = options.maxTarBytes ?? Number.POSITIVE_INFINITY;
    this.#isEnough = options.isEnough ?? (() => false);
    this.#ratioFromBytes = options.ratioFromBytes ?? RATIO_FROM_BYTES;
    this.#inflate.on('data', (bytes: Buffer) => {
      this.#queue.push(bytes);
      queueMicrotask(() => {
        this.#drain();
      });
    });
    this.#inflate.on('end', () => {
      this.#stop('ended');
    });
    this.#inflate.on('error', () => {
      this.#stop('damaged');
    });
  }

  /** Bytes of deflate that were used. */
  get usedBytes(): number {
    return this.#inflate.bytesWritten;
  }

  trailer(): Buffer {
    return gzipTrailer(this.#crc32, this.tarBytes);
  }

  /** Resolves when the chunk is used up, or the stream has ended inside it or is damaged. Throws what `onBytes` threw. */
  async write(chunk: Buffer): Promise<void> {
    const written = new Promise<void>((resolve) => {
      this.#settle = resolve;
    });
    this.#inflate.write(chunk, () => this.#settle?.());
    await written;
    this.#drain();
    if (this.#thrown !== undefined) throw this.#thrown.error;
  }

  close(): void {
    this.#inflate.destroy();
  }

  #stop(state: InflaterState): void {
    // An ended stream may still hold pieces that are too many.
    if (this.state === 'open' || GIVEN_UP.has(state)) this.state = state;
    this.#settle?.();
  }

  #reasonToGiveUp(moreBytes: number): InflaterState | null {
    if (this.#isEnough()) return 'enough';
    const tarBytes = this.tarBytes + moreBytes;
    if (tarBytes > this.#maxTarBytes) return 'too-large';
    return tarBytes > this.#ratioFromBytes && tarBytes > MAX_RATIO * this.usedBytes ? 'bomb' : null;
  }

  #drain(): void {
    for (let bytes = this.#queue.shift(); bytes !== undefined; bytes = this.#queue.shift()) {
      if (this.#thrown !== undefined || GIVEN_UP.has(this.state)) continue;
      const reason = this.#reasonToGiveUp(bytes.length);
      if (reason !== null) {
        this.#stop(reason);
        this.#inflate.destroy();
        continue;
      }
      this.#crc32 = crc32(bytes, this.#crc32);
      this.tarBytes += bytes.length;
      try {
        this.#onBytes(bytes);
      } catch (error) {
        this.#thrown = { error };
      }
    }
  }
}

type InflaterState = 'open' | 'ended' | 'damaged' | 'too-large' | 'bomb' | 'enough';
const GIVEN_UP: ReadonlySet<InflaterState> = new Set(['too-large', 'bomb', 'enough']);

/** Follows header, deflate data and trailer over the chunks of a file. */
class MemberParser {
  readonly #inflater: Inflater;
  #header: Buffer = Buffer.alloc(0);
  #afterEnd: Buffer = Buffer.alloc(0);
  #afterEndBytes = 0;
  #isHeaderGood: boolean | undefined;

  constructor(options: GzipMemberOptions) {
    this.#inflater = new Inflater(options);
  }

  get tarBytes(): number {
    return this.#inflater.tarBytes;
  }

  get isCutShort(): boolean {
    return this.#inflater.state === 'enough';
  }

  get isTooLarge(): boolean {
    return this.#inflater.state === 'too-large';
  }

  async write(chunk: Buffer): Promise<void> {
    const data = this.#isHeaderGood === undefined ? this.#takeHeader(chunk) : chunk;
    const { state } = this.#inflater;
    if (this.#isHeaderGood !== true || data.length === 0 || GIVEN_UP.has(state) || state === 'damaged') return;
    if (this.#inflater.state === 'ended') {
      this.#takeTrailer(data);
      return;
    }
    const usedBefore = this.#inflater.usedBytes;
    await this.#inflater.write(data);
    if (this.#endedNow()) this.#takeTrailer(data.subarray(this.#inflater.usedBytes - usedBefore));
  }

  problem(): GzipMember['problem'] {
    if (this.#isHeaderGood === false) return { expected: 'the gzip header of exhibit/1', found: 'another beginning' };
    if (this.#inflater.state === 'bomb')
      return { expected: `at most ${String(MAX_RATIO)} bytes out of one`, found: 'a bomb: it unpacks to more' };
    if (GIVEN_UP.has(this.#inflater.state)) return null;
    if (this.#inflater.state === 'damaged') return { expected: 'a valid deflate stream', found: 'damaged data' };
    if (this.#isHeaderGood === undefined || this.#inflater.state === 'open') {
      return { expected: 'one whole gzip member', found: 'the file ends early' };
    }
    if (this.#afterEndBytes < GZIP_TRAILER_BYTES)
      return { expected: 'a gzip trailer of 8 bytes', found: 'the file ends early' };
    if (!this.#afterEnd.equals(this.#inflater.trailer()))
      return { expected: 'CRC-32 and length of the data', found: 'another trailer' };
    if (this.#afterEndBytes === GZIP_TRAILER_BYTES) return null;
    const extra = String(this.#afterEndBytes - GZIP_TRAILER_BYTES);
    return { expected: 'nothing after the gzip member', found: `${extra} more bytes` };
  }

  close(): void {
    this.#inflater.close();
  }

  #takeHeader(chunk: Buffer): Buffer {
    const missing = GZIP_HEADER.length - this.#header.length;
    this.#header = Buffer.concat([this.#header, chunk.subarray(0, missing)]);
    if (!GZIP_HEADER.subarray(0, this.#header.length).equals(this.#header)) this.#isHeaderGood = false;
    else if (this.#header.length === GZIP_HEADER.length) this.#isHeaderGood = true;
    return chunk.subarray(missing);
  }

  #takeTrailer(bytes: Buffer): void {
    const missing = GZIP_TRAILER_BYTES - this.#afterEnd.length;
    this.#afterEnd = Buffer.concat([this.#afterEnd, bytes.subarray(0, missing)]);
    this.#afterEndBytes += bytes.length;
  }

  #endedNow(): boolean {
    return this.#inflater.state === 'ended';
  }
}

export interface GzipMemberOptions {
  /** Gets the uncompressed bytes in order; may keep a piece. What it throws ends the reading and is thrown to the caller. */
  readonly onBytes: (bytes: Buffer) => void;
  /** Stops inflating beyond this; the file is hashed to its end all the same. */
  readonly maxTarBytes?: number;
  /** Asked before each piece: whether the rest is of no interest. Then the file is hashed to its end, and only that. */
  readonly isEnough?: () => boolean;
  /** A ratio above 1000 is a bomb when more than this was unpacked; 2^30 outside tests. */
  readonly ratioFromBytes?: number;
  /** Called after each piece of the file with the bytes read so far. */
  readonly onProgress?: (readBytes: number) => void;
}

/**
 * Reads a file to its end once: hashes it and inflates its single gzip member. Throws system errors of the file, and what `onBytes` throws;
 * for everything that the content does it returns `problem`, or `isTooLarge`.
 */
export async function readGzipMember(
  file: Pick<ArchiveSource, 'read'>,
  options: GzipMemberOptions,
): Promise<GzipMember & { isTooLarge: boolean }> {
  const hash = createHash('sha256');
  const parser = new MemberParser(options);
  let [current, next] = [Buffer.allocUnsafeSlow(READ_BYTES), Buffer.allocUnsafeSlow(READ_BYTES)];
  let sizeBytes = 0;
  try {
    let { bytesRead } = await file.read(current, { position: 0 });
    while (bytesRead > 0) {
      const chunk = current.subarray(0, bytesRead);
      sizeBytes += bytesRead;
      const parsed = parser.write(chunk);
      hash.update(chunk);
      const [, read] = await Promise.all([parsed, file.read(next, { position: sizeBytes })]);
      bytesRead = read.bytesRead;
      [current, next] = [next, current];
      options.onProgress?.(sizeBytes);
    }
    const { tarBytes, isTooLarge, isCutShort } = parser;
    const containerSha256 = hash.digest('hex');
    return { containerSha256, sizeBytes, tarBytes, isTooLarge, isCutShort, problem: parser.problem() };
  } finally {
    parser.close();
  }
}
