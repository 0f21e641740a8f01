import { joined } from '../../lib/bytes.js';
import { compareBagPaths, isBagPath } from './bag-layout.js';
import { isCanonical, readHeader, TAR_BLOCK_BYTES, type HeaderClaim } from './ustar-header.js';

/** Takes the bytes of one file. Called at least once; `isLast` with the last piece. A piece is valid only during the call. */
export type EntrySink = (bytes: Uint8Array, isLast: boolean) => void;

export interface UstarViolation {
  /** Where it is: the file, or the last file before it. Untrusted text. */
  readonly path: string;
  readonly expected: string;
  readonly found: string;
}

const ROOT = /^[a-z0-9][a-z0-9-]{2,23}-x\d{4}$/;
const NOTHING = new Uint8Array(0);

/** Reads the one form of tar that exhibit/1 has, in pieces of any size. Stops at the first violation. */
export class UstarReader {
  readonly #onFile: (path: string, sizeBytes: number) => EntrySink;
  #partial = NOTHING;
  #sink: EntrySink | undefined;
  #payloadLeft = 0;
  #paddingLeft = 0;
  #zeroBlocks = 0;
  #path = '';
  #root = '';
  #mtimeSeconds = -1;
  #violation: UstarViolation | null = null;

  /** `onFile`: a file with a canonical header and a path of the grammar, in the right order, relative to the bag's folder. */
  constructor(onFile: (path: string, sizeBytes: number) => EntrySink) {
    this.#onFile = onFile;
  }

  /** Name of the bag's folder; empty before the first header. */
  get root(): string {
    return this.#root;
  }

  get mtimeSeconds(): number {
    return this.#mtimeSeconds;
  }

  get isBroken(): boolean {
    return this.#violation !== null;
  }

  push(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length && this.#violation === null) {
      if (this.#payloadLeft > 0) at = this.#takePayload(chunk, at);
      else if (this.#paddingLeft > 0) at = this.#takePadding(chunk, at);
      else at = this.#takeBlock(chunk, at);
    }
  }

  /** After the last byte: the first violation, or `null` when the tar was whole and canonical. */
  finish(): UstarViolation | null {
    if (this.#violation !== null || (this.#zeroBlocks === 2 && this.#partial.length === 0)) return this.#violation;
    return { path: this.#path, expected: 'more files, then two zero blocks', found: 'the tar ends' };
  }

  #takePayload(chunk: Uint8Array, at: number): number {
    const end = Math.min(chunk.length, at + this.#payloadLeft);
    this.#payloadLeft -= end - at;
    this.#sink?.(chunk.subarray(at, end), this.#payloadLeft === 0);
    return end;
  }

  #takePadding(chunk: Uint8Array, at: number): number {
    const end = Math.min(chunk.length, at + this.#paddingLeft);
    this.#paddingLeft -= end - at;
    if (chunk.subarray(at, end).some((byte) => byte !== 0)) this.#fail('zero padding', 'other bytes');
    return end;
  }

  #takeBlock(chunk: Uint8Array, at: number): number {
    const end = Math.min(chunk.length, at + TAR_BLOCK_BYTES - this.#partial.length);
    const block = joined([this.#partial, chunk.subarray(at, end)]);
    if (block.length < TAR_BLOCK_BYTES) {
      this.#partial = block;
      return end;
    }
    this.#partial = NOTHING;
    const isZero = block.every((byte) => byte === 0);
    if (this.#zeroBlocks === 2) this.#fail('nothing after two zero blocks', 'more bytes');
    else if (isZero) this.#zeroBlocks += 1;
    else if (this.#zeroBlocks === 1) this.#fail('a second zero block', 'something else');
    else this.#takeHeader(block, readHeader(block));
    return end;
  }

  #takeHeader(block: Uint8Array, claim: HeaderClaim): void {
    if (this.#root === '' && !this.#begin(claim)) return;
    const path = claim.path.slice(this.#root.length + 1);
    const found = `another header (type ${JSON.stringify(claim.type)}) naming ${claim.path}`;
    if (!isCanonical(block, claim, this.#mtimeSeconds))
      this.#fail('the header of a regular file as exhibit/1 writes it', found);
    else if (!claim.path.startsWith(`${this.#root}/`) || !isBagPath(path))
      this.#fail('a path of exhibit/1', claim.path);
    else if (this.#path !== '' && compareBagPaths(this.#path, path) >= 0) this.#fail('each file once, in order', path);
    else this.#open(path, claim.sizeBytes ?? 0);
  }

  /** The first header settles folder and time for all. */
  #begin({ path, mtimeSeconds }: HeaderClaim): boolean {
    const root = path.slice(0, Math.max(0, path.indexOf('/')));
    if (mtimeSeconds === null || path !== `${root}/bagit.txt` || !ROOT.test(root)) {
      this.#fail('<exhibit-id>/bagit.txt as the first file', path);
      return false;
    }
    this.#root = root;
    this.#mtimeSeconds = mtimeSeconds;
    return true;
  }

  #open(path: string, sizeBytes: number): void {
    this.#path = path;
    this.#sink = this.#onFile(path, sizeBytes);
    this.#payloadLeft = sizeBytes;
    this.#paddingLeft = -sizeBytes & (TAR_BLOCK_BYTES - 1);
    if (sizeBytes === 0) this.#sink(NOTHING, true);
  }

  #fail(expected: string, found: string): void {
    this.#violation ??= { path: this.#path, expected, found };
  }
}
