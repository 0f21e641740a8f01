import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { errnoOf } from '../model/errors.js';
import { storageError } from './storage-error.js';

const CHUNK_BYTES = 256 * 1024;

/** Longer lines are not ours. */
export const MAX_LINE_BYTES = 16 * 1024 * 1024;

export interface ScannedLines {
  readonly lines: number;
  /** Bytes up to and with the last LF. */
  readonly wholeBytes: number;
  /** What follows the last LF: a line that was torn, at most `MAX_LINE_BYTES` of it. Empty in a file that ends well. */
  readonly torn: Buffer;
}

/**
 * Gives each whole line of a file, without its LF, one character a byte, to `onLine`, together with its number from 1. Memory is bounded
 * by the longest line. A file that does not exist has no lines. Throws `STORAGE_FAILED`, and what `onLine` throws.
 */
export function scanLines(path: string, onLine: (line: string, number: number) => void): ScannedLines {
  const fd = openForReading(path);
  if (fd === null) return { lines: 0, wholeBytes: 0, torn: Buffer.alloc(0) };
  try {
    return scan(fd, path, onLine);
  } finally {
    closeSync(fd);
  }
}

/** `null` when there is no such file. A link, a directory or a device is none of ours. */
function openForReading(path: string): number | null {
  try {
    const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    if (fstatSync(fd).isFile()) return fd;
    closeSync(fd);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    throw storageError(error, path);
  }
  throw storageError(new Error('not a regular file'), path);
}

function scan(fd: number, path: string, onLine: (line: string, number: number) => void): ScannedLines {
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  let rest = '';
  let lines = 0;
  let wholeBytes = 0;
  while (rest.length < MAX_LINE_BYTES) {
    const read = readInto(fd, buffer, path);
    if (read === 0) break;
    const text = rest + buffer.toString('latin1', 0, read);
    let start = 0;
    for (let end = text.indexOf('\n', rest.length); end !== -1; end = text.indexOf('\n', start)) {
      lines += 1;
      onLine(text.slice(start, end), lines);
      start = end + 1;
    }
    wholeBytes += start;
    rest = text.slice(start);
  }
  return { lines, wholeBytes, torn: Buffer.from(rest, 'latin1') };
}

function readInto(fd: number, target: Buffer, path: string): number {
  try {
    return readSync(fd, target, 0, target.length, null);
  } catch (error) {
    throw storageError(error, path);
  }
}
