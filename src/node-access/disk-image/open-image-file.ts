import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import type { RandomAccess } from '../../lib/random-access.js';

/** An image file to be read at any place, never written, never through a link in its last part. Throws system errors. */
export function openImageFile(path: string): RandomAccess & { close(): void } {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  const { size } = fstatSync(fd);
  return {
    sizeBytes: size,
    read: (offset, lengthBytes) => {
      if (offset >= size) return Buffer.alloc(0);
      const bytes = Buffer.alloc(Math.min(lengthBytes, size - offset));
      return bytes.subarray(0, readSync(fd, bytes, 0, bytes.length, offset));
    },
    close: () => {
      closeSync(fd);
    },
  };
}
