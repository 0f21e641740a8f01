import type { ListedEntry } from './listing.js';

/** Bytes of a list of patterns; as many files as this names are few. */
const MAX_PATTERN_BYTES = 8 * 1024 * 1024;

/** Files beyond this cannot be named by a tar header that others read. */
const MAX_FILE_BYTES = Number.MAX_SAFE_INTEGER;

/**
 * Which files stay out of the archive so that the rest fits: the largest on disk first, by path where two are alike. Hard links count
 * once and stay out together.
 */
export function chooseLeftOut(entries: Iterable<ListedEntry>, maxBytes: number): ReadonlySet<string> {
  const byInode = new Map<string, { sizeBytes: number; paths: string[] }>();
  let total = 0;
  for (const { type, path, device, inode, allocatedBytes, sizeBytes } of entries) {
    if (type !== 'file') continue;
    const key = `${device}:${inode}`;
    const known = byInode.get(key);
    if (known !== undefined) known.paths.push(path);
    else {
      const stored = sizeBytes >= MAX_FILE_BYTES ? MAX_FILE_BYTES : Math.min(allocatedBytes, sizeBytes);
      byInode.set(key, { sizeBytes: stored, paths: [path] });
      total += stored;
    }
  }
  const leftOut = new Set<string>();
  if (total <= maxBytes) return leftOut;
  const largest = [...byInode.values()].toSorted(
    (a, b) => b.sizeBytes - a.sizeBytes || ((a.paths[0] ?? '') < (b.paths[0] ?? '') ? -1 : 1),
  );
  for (const { sizeBytes, paths } of largest) {
    if (total <= maxBytes) break;
    total -= sizeBytes;
    for (const path of paths) leftOut.add(path);
  }
  return leftOut;
}

/** A path as a line of tar's exclusion file. White space, which tar would trim or end the line at, matches as any one character. */
function patternOf(path: string): string {
  return `./${path.replace(/[\\*?[\]]/g, String.raw`\$&`).replace(/\s/g, '?')}\n`;
}

/** For tar's `--exclude-from`. Names beyond 8 MiB are not in it: then the archive ends at its limit instead. */
export function exclusionList(leftOut: Iterable<string>): Buffer {
  const lines: Buffer[] = [];
  let sizeBytes = 0;
  for (const path of leftOut) {
    const line = Buffer.from(patternOf(path), 'latin1');
    sizeBytes += line.length;
    if (sizeBytes > MAX_PATTERN_BYTES) break;
    lines.push(line);
  }
  return Buffer.concat(lines);
}
