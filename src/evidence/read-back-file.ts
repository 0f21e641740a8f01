import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { storageError } from '../custody/storage-error.js';
import type { ReadBack } from '../ports/evidence-sink.js';

function guarded<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw storageError(error, path);
  }
}

/** A payload file of ours, to be read at any place. Never follows a link. Throws `STORAGE_FAILED`. */
export function readBackFile(path: string): ReadBack {
  const fd = guarded(path, () => openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW));
  const sizeBytes = guarded(path, () => fstatSync(fd).size);
  return {
    sizeBytes,
    read: (offset, lengthBytes) => {
      if (offset >= sizeBytes) return Buffer.alloc(0);
      const bytes = Buffer.allocUnsafeSlow(Math.min(lengthBytes, sizeBytes - offset));
      let filled = 0;
      while (filled < bytes.length) {
        const got = guarded(path, () => readSync(fd, bytes, filled, bytes.length - filled, offset + filled));
        if (got === 0) break;
        filled += got;
      }
      return bytes.subarray(0, filled);
    },
    close: () => {
      closeSync(fd);
    },
  };
}
