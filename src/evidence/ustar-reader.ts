import { compareBagPaths, isBagPath } from './bag-order.js';
import {
  createHeaderEncoder,
  mtimeOfHeader,
  pathOfHeader,
  sizeOfHeader,
  TAR_BLOCK_BYTES,
  type HeaderEncoder,
} from './ustar-header.js';

/** Takes the bytes of one file. Called at least once; `isLast` with the last piece, which is the only one for most small files. */
export type EntrySink = (bytes: Buffer, isLast: boolean) => void;

export interface UstarEvents {
  /** A file with a valid header and path, in the right order. The path is relative to the bag's folder. */
  onFile(path: string, sizeBytes: number): EntrySink;
}

export interface UstarViolation {
  /** Where it is: the file, or the last file before it. Untrusted text. */
  readonly path: string;
  readonly expected: string;
  readonly found: string;
}

const ZERO_BLOCK = Buffer.alloc(TAR_BLOCK_BYTES);
const ROOT = /^[a-z0-9][a-z0-9-]{2,23}-x\d{4}$/;

/**
 * Reads the one form of tar that exhibit/1 has. Every header is made again from the path, size and mtime that it states and compared, so
 * that links, devices, extensions, owners, other modes and other encodings are all refused alike. Stops at the first violation.
 */
export class UstarReader {
  readonly #events: UstarEvents;
  readonly #remade = Buffer.alloc(TAR_BLOCK_BYTES);
  #encoder: HeaderEncoder | undefined;
  #partial: Buffer | undefined;
  #sink: EntrySink | undefined;
  #payloadLeft = 0;
  #paddingLeft = 0;
  #zeroBlocks = 0;
  #path = '';
  #root = '';
  #mtimeSeconds = 0;
  #violation: UstarViolation | null = null;

  constructor(events: UstarEvents) {
    this.#events = events;
  }

  /** Name of the bag's folder; empty before the first header. */
  get root(): string {
    return this.#root;
  }

  /** Seconds since the epoch, the same in every header. */
  get mtimeSeconds(): number {
    return this.#mtimeSeconds;
  }

  /** A violation was found: what follows is not looked at. */
  get isBroken(): boolean {
    return this.#violation !== null;
  }

  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length && this.#violation === null) {
      if (this.#payloadLeft > 0) at = this.#takePayload(chunk, at);
      else if (this.#paddingLeft > 0) at = this.#takePadding(chunk, at);
      else at = this.#takeBlock(chunk, at);
    }
  }

  /** After the last byte: the first violation, or `null` when the archive was whole and canonical. */
  finish(): UstarViolation | null {
    if (this.#violation !== null || (this.#zeroBlocks === 2 && this.#partial === undefined)) return this.#violation;
    return { path: this.#path, expected: 'more files, then two zero blocks', found: 'the tar ends' };
  }

  #takePayload(chunk: Buffer, at: number): number {
    const end = Math.min(chunk.length, at + this.#payloadLeft);
    this.#payloadLeft -= end - at;
    this.#sink?.(at === 0 && end === chunk.length ? chunk : chunk.subarray(at, end), this.#payloadLeft === 0);
    return end;
  }

  #takePadding(chunk: Buffer, at: number): number {
    const end = Math.min(chunk.length, at + this.#paddingLeft);
    this.#paddingLeft -= end - at;
    for (let index = at; index < end; index += 1) {
      if (chunk[index] !== 0) this.#fail('zero padding', 'other bytes');
    }
    return end;
  }

  #takeBlock(chunk: Buffer, at: number): number {
    const have = this.#partial?.length ?? 0;
    const end = Math.min(chunk.length, at + TAR_BLOCK_BYTES - have);
    const piece = chunk.subarray(at, end);
    const block = this.#partial === undefined ? piece : Buffer.concat([this.#partial, piece]);
    if (block.length < TAR_BLOCK_BYTES) {
      this.#partial = Buffer.from(block);
      return end;
    }
    this.#partial = undefined;
    if (this.#zeroBlocks === 2) this.#fail('nothing after two zero blocks', 'more bytes');
    else if (block.equals(ZERO_BLOCK)) this.#zeroBlocks += 1;
    else if (this.#zeroBlocks === 1) this.#fail('a second zero block', 'something else');
    else this.#takeHeader(block);
    return end;
  }

  #takeHeader(block: Buffer): void {
    const whole = pathOfHeader(block);
    const sizeBytes = sizeOfHeader(block);
    if (this.#encoder === undefined && !this.#begin(block, whole)) return;
    const isSame =
      sizeBytes !== null &&
      this.#encoder?.({ path: whole, sizeBytes }, this.#remade, 0) === true &&
      this.#remade.equals(block);
    if (!isSame) {
      this.#fail(
        'the header of a regular file as exhibit/1 writes it',
        `another header (type ${JSON.stringify(typeOf(block))}) naming ${whole}`,
      );
      return;
    }
    const path = whole.slice(this.#root.length + 1);
    if (!whole.startsWith(`${this.#root}/`) || !isBagPath(path)) {
      this.#fail('a path of exhibit/1', whole);
      return;
    }
    if (this.#path !== '' && compareBagPaths(this.#path, path) >= 0) {
      this.#fail('each file once, in order', path);
      return;
    }
    this.#open(path, sizeBytes);
  }

  /** The first header settles folder and time for all. */
  #begin(block: Buffer, whole: string): boolean {
    const root = whole.slice(0, Math.max(0, whole.indexOf('/')));
    const mtimeSeconds = mtimeOfHeader(block);
    if (mtimeSeconds === null || whole !== `${root}/bagit.txt` || !ROOT.test(root)) {
      this.#fail('<exhibit-id>/bagit.txt as the first file', whole);
      return false;
    }
    this.#root = root;
    this.#mtimeSeconds = mtimeSeconds;
    this.#encoder = createHeaderEncoder(mtimeSeconds);
    return true;
  }

  #open(path: string, sizeBytes: number): void {
    this.#path = path;
    this.#sink = this.#events.onFile(path, sizeBytes);
    this.#payloadLeft = sizeBytes;
    this.#paddingLeft = -sizeBytes & (TAR_BLOCK_BYTES - 1);
    if (sizeBytes === 0) this.#sink(Buffer.alloc(0), true);
  }

  #fail(expected: string, found: string): void {
    this.#violation ??= { path: this.#path, expected, found };
  }
}

function typeOf(block: Buffer): string {
  return String.fromCharCode(block[156] ?? 0);
}
