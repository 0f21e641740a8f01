import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { RandomAccess } from '../../src/lib/random-access.js';

/** A file to read at any place; `close` at the end. */
export function fileAccess(path: string): RandomAccess & { close(): void } {
  const fd = openSync(path, 'r');
  return {
    sizeBytes: fstatSync(fd).size,
    read: (offset, lengthBytes) => {
      const bytes = Buffer.alloc(lengthBytes);
      return bytes.subarray(0, readSync(fd, bytes, 0, lengthBytes, offset));
    },
    close: () => {
      closeSync(fd);
    },
  };
}

/** Bytes in memory to read at any place. */
export function bufferAccess(bytes: Buffer): RandomAccess {
  return {
    sizeBytes: bytes.length,
    read: (offset, lengthBytes) => Buffer.from(bytes.subarray(offset, offset + lengthBytes)),
  };
}
