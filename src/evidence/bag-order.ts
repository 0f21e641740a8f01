import { MAX_SEGMENT_BYTES } from '../lib/safe-path.js';

const SEGMENT = `[a-z0-9_][a-z0-9._-]{0,${String(MAX_SEGMENT_BYTES - 1)}}`;
const BAG_PATH = new RegExp(`^(?:VERIFY\\.md|${SEGMENT}(?:/${SEGMENT})*)$`);

/** Whether a path (relative to the bag's folder) is inside the grammar of exhibit/1. `VERIFY.md` is the one exception to lower case. */
export function isBagPath(path: string): boolean {
  return BAG_PATH.test(path);
}

function rank(path: string): number {
  if (path === 'bagit.txt') return 0;
  return path.startsWith('seal/') ? 2 : 1;
}

/** Order of the files in the tar, paths relative to the bag's folder: `bagit.txt`, the rest bytewise, `seal/` bytewise. Below zero: `a` first. */
export function compareBagPaths(a: string, b: string): number {
  const ranks = rank(a) - rank(b);
  if (ranks !== 0) return ranks;
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
