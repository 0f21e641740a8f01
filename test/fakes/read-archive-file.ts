import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

/** One file of a small archive, by its path in the bag. */
export function readArchiveFile(archivePath: string, path: string): Buffer {
  const tar = gunzipSync(readFileSync(archivePath));
  for (let at = 0; at < tar.length && tar[at] !== 0;) {
    const text = (from: number, length: number): string =>
      tar.toString('latin1', at + from, at + from + length).replace(/\0.*$/s, '');
    const sizeBytes = parseInt(text(124, 11), 8);
    const name = [text(345, 155), text(0, 100)].filter((part) => part !== '').join('/');
    if (name.slice(name.indexOf('/') + 1) === path) return tar.subarray(at + 512, at + 512 + sizeBytes);
    at += 512 + Math.ceil(sizeBytes / 512) * 512;
  }
  throw new Error(`the archive has no ${path}`);
}
