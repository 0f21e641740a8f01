import type { DiffEntry } from '../../model/diff-entry.js';
import type { ArchivedEntry } from './upper-content.js';
import type { BaseEntry } from './base-layers.js';
import type { ListedEntry } from './listing.js';
import { isOverlayMark, type MarkPrefix, type OverlayMarks } from './overlay-marks.js';

export interface Compared {
  readonly entry: ListedEntry;
  readonly archived: ArchivedEntry;
  readonly marks: OverlayMarks;
  /** Where the mount keeps them; not given = no overlay. */
  readonly markPrefix?: MarkPrefix;
  readonly base: BaseEntry | null;
  readonly baseSha256: string | null;
  /** `null` = not read: only entries with attributes of their own are compared with those of the base. */
  readonly baseXattrs: ReadonlyMap<string, Buffer> | null;
}

export type Judgement = Pick<DiffEntry, 'class' | 'differs'>;

function ownXattrs(xattrs: ReadonlyMap<string, Buffer>, prefix: MarkPrefix | undefined): string {
  return [...xattrs]
    .filter(([name]) => prefix === undefined || !isOverlayMark(name, prefix))
    .map(([name, value]) => `${name}=${value.toString('hex')}`)
    .toSorted()
    .join('\n');
}

function contentDiffers({ entry, archived, base, baseSha256 }: Compared): boolean | null {
  if (base === null) return null;
  if (entry.type === 'link') return entry.linkTarget !== base.entry.linkTarget;
  if (entry.type !== 'file') return false;
  if (entry.sizeBytes !== base.entry.sizeBytes) return true;
  if (entry.sizeBytes === 0) return false;
  return archived.sha256 === null || baseSha256 === null ? null : archived.sha256 !== baseSha256;
}

function metadataDiffers({ entry, archived, base, baseXattrs, markPrefix }: Compared): string[] {
  if (base === null) return [];
  const before = base.entry;
  const isFolder = entry.type === 'directory';
  return [
    ...(entry.type !== 'link' && entry.mode !== before.mode ? ['mode'] : []),
    ...(entry.uid === before.uid ? [] : ['uid']),
    ...(entry.gid === before.gid ? [] : ['gid']),
    // A folder's time changes with what is put into it: that is said by what was put.
    ...(isFolder || entry.mtimeNs === before.mtimeNs ? [] : ['mtime']),
    ...(baseXattrs !== null && ownXattrs(archived.xattrs, markPrefix) !== ownXattrs(baseXattrs, markPrefix)
      ? ['xattrs']
      : []),
  ];
}

/** What the overlay itself says, or the types do, without a look at the content. */
function obvious({ entry, marks, base }: Compared): DiffEntry['class'] | null {
  if (marks.whiteout !== null) return 'deleted';
  if (marks.redirect !== null && entry.type === 'directory') return 'renamed';
  if (base === null) return marks.metacopy ? 'metacopy' : 'added';
  if (entry.type !== base.entry.type) return 'type-changed';
  if (marks.opaque) return 'opaque-replaced';
  return marks.metacopy ? 'metacopy' : null;
}

function differsAnyway(compared: Compared, what: DiffEntry['class']): string[] {
  if (what === 'deleted') return [];
  return what === 'type-changed' ? ['type'] : metadataDiffers(compared);
}

/** Which of the nine things happened to an entry of the writable layer, or that it cannot be said. */
export function classifyEntry(compared: Compared): Judgement {
  const what = obvious(compared);
  if (what !== null) return { class: what, differs: differsAnyway(compared, what) };
  const { entry, base } = compared;
  const metadata = metadataDiffers(compared);
  const content = contentDiffers(compared);
  const size = entry.type === 'file' && entry.sizeBytes !== base?.entry.sizeBytes ? ['size'] : [];
  if (content === true) return { class: 'content-modified', differs: ['content', ...size, ...metadata] };
  if (content === null) return { class: 'undetermined', differs: metadata };
  return { class: metadata.length > 0 ? 'metadata-only' : 'copied-up-unchanged', differs: metadata };
}
