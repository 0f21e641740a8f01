import type { FileHandle } from 'node:fs/promises';

/** Writes all of `bytes` at `position`; a full disk may take a part before it says so. Throws system errors. */
export async function writeFully(target: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    const { bytesWritten } = await target.write(bytes, at, bytes.length - at, position + at);
    at += bytesWritten;
  }
}
