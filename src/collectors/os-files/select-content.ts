import type { CatalogueEntry } from '../../model/artifact-catalogue.js';
import { folderLinesBytes } from './folder-lines.js';
import type { ListedFile } from './listed-file.js';

/** Bytes of names that one script can be given. */
const MAX_NAMES_BYTES = 15 * 1024 * 1024;

/** Why the bytes of a file were not asked for. */
export type LeftOut = 'larger-than-limit' | 'total-limit' | 'too-many-names';

export interface Selection {
  /** By path, in order. */
  readonly chosen: ReadonlyMap<string, ListedFile>;
  readonly leftOut: ReadonlyMap<string, LeftOut>;
  /** Bytes that the chosen ones have on the disk. */
  readonly bytes: number;
}

/** What a file costs: holes are not sent. */
export const costBytes = ({ sizeBytes, allocatedBytes }: ListedFile): number => Math.min(sizeBytes, allocatedBytes);

/** Regular files within the limits, and with `withLinks` the links themselves, which are never followed. */
export function selectContent(
  files: readonly ListedFile[],
  { limits }: Pick<CatalogueEntry, 'limits'>,
  withLinks: boolean,
): Selection {
  const chosen = new Map<string, ListedFile>();
  const leftOut = new Map<string, LeftOut>();
  let bytes = 0;
  let namesBytes = 0;
  for (const file of files) {
    if (file.type !== 'file' && !(withLinks && file.type === 'link')) continue;
    const cost = file.type === 'file' ? costBytes(file) : 0;
    const nameBytes = folderLinesBytes(file.path);
    if (cost > limits.maxFileBytes) leftOut.set(file.path, 'larger-than-limit');
    else if (bytes + cost > limits.maxBytes) leftOut.set(file.path, 'total-limit');
    else if (namesBytes + nameBytes > MAX_NAMES_BYTES) leftOut.set(file.path, 'too-many-names');
    else {
      chosen.set(file.path, file);
      bytes += cost;
      namesBytes += nameBytes;
    }
  }
  return { chosen, leftOut, bytes };
}
