/** Bytes of which most are zero, without the memory that they would take: pieces, each some bytes or a count of zeros. */
import { constants, crc32, deflateRawSync } from 'node:zlib';
import { closeSync, openSync, writeSync } from 'node:fs';
import { GZIP_HEADER, gzipTrailer } from '../../src/evidence/gzip-format.js';

export type Piece = Buffer | number;

const BLOCK = 512 * 1024;
const WINDOW = 32 * 1024;
const ZEROS = Buffer.alloc(BLOCK);
const EMPTY = Buffer.alloc(0);

const lengthOfPiece = (piece: Piece): number => (typeof piece === 'number' ? piece : piece.length);

export function lengthOf(pieces: readonly Piece[]): number {
  return pieces.reduce<number>((sum, piece) => sum + lengthOfPiece(piece), 0);
}

/** From `from` to before `to`. */
export function sliceOf(pieces: readonly Piece[], from: number, to = lengthOf(pieces)): Piece[] {
  const found: Piece[] = [];
  let at = 0;
  for (const piece of pieces) {
    const length = lengthOfPiece(piece);
    const [begin, end] = [Math.max(from, at), Math.min(to, at + length)];
    if (begin < end) found.push(typeof piece === 'number' ? end - begin : piece.subarray(begin - at, end - at));
    at += length;
  }
  return found;
}

export function spliceOf(pieces: readonly Piece[], at: number, remove: number, insert: readonly Piece[] = []): Piece[] {
  return [...sliceOf(pieces, 0, at), ...insert, ...sliceOf(pieces, at + remove)];
}

export function bytesAt(pieces: readonly Piece[], at: number, length: number): Buffer {
  return Buffer.concat(
    sliceOf(pieces, at, at + length).map((piece) => (typeof piece === 'number' ? Buffer.alloc(piece) : piece)),
  );
}

export function flippedAt(pieces: readonly Piece[], at: number, bit: number): Piece[] {
  const [byte = 0] = bytesAt(pieces, at, 1);
  return spliceOf(pieces, at, 1, [Buffer.from([byte ^ (1 << bit)])]);
}

/** Adds what was read of a stream; runs of zeros of a block and more become a count. */
export function appendRun(pieces: Piece[], chunk: Buffer): void {
  const last = pieces.at(-1);
  if (chunk.equals(ZEROS.subarray(0, chunk.length))) {
    if (typeof last === 'number') pieces[pieces.length - 1] = last + chunk.length;
    else pieces.push(chunk.length);
  } else pieces.push(Buffer.from(chunk));
}

const deflated = (block: Buffer, dictionary?: Buffer): Buffer =>
  deflateRawSync(block, {
    level: 1,
    finishFlush: constants.Z_SYNC_FLUSH,
    ...(dictionary === undefined ? {} : { dictionary }),
  });
/** A block of zeros after zeros, which is deflated once for all. */
const ZERO_BLOCK = deflated(ZEROS, ZEROS.subarray(0, WINDOW));

/** One gzip member of the pieces as the format has it, block after block. Returns what stands in the file. */
export function writeGzipOf(path: string, pieces: readonly Piece[]): void {
  const fd = openSync(path, 'w');
  let [sum, length] = [0, 0];
  try {
    writeSync(fd, GZIP_HEADER);
    for (const piece of pieces) {
      const size = lengthOfPiece(piece);
      for (let at = 0; at < size; at += BLOCK) {
        const count = Math.min(BLOCK, size - at);
        const block = typeof piece === 'number' ? ZEROS.subarray(0, count) : piece.subarray(at, at + count);
        sum = crc32(block, sum);
        length += count;
        // A block without a dictionary is as good wherever it stands; only zeros after zeros may take the ready one.
        writeSync(fd, typeof piece === 'number' && at > 0 && count === BLOCK ? ZERO_BLOCK : deflated(block));
      }
    }
    writeSync(fd, deflateRawSync(EMPTY));
    writeSync(fd, gzipTrailer(sum, length));
  } finally {
    closeSync(fd);
  }
}
