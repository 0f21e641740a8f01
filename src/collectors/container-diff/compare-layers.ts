import type { CollectContext } from '../../ports/collector.js';
import type { NodeAccess } from '../../ports/node-access.js';
import { parentOf, type BaseEntry } from './base-layers.js';
import type { CapturedFolder } from './capture-folder.js';
import { classifyEntry, type Compared } from './classify-entry.js';
import type { EntryFacts } from './entry-record.js';
import type { FoundLayers } from './find-layers.js';
import type { ListedEntry } from './listing.js';
import {
  hasForeignMark,
  isOverlayMark,
  markPrefixOf,
  overlayMarksOf,
  type MarkPrefix,
  type OverlayMarks,
} from './overlay-marks.js';
import { hashBase, keyOf, readBase, type ReadBase } from './read-base.js';
import { UNREAD, type ArchivedEntry } from './upper-content.js';

/** Bytes of the layers below that are hashed to be compared. */
const MAX_HASHED_BYTES = 16 * 1024 * 1024 * 1024;
const MAX_HIDDEN = 1000;

interface Seen {
  readonly entry: ListedEntry;
  readonly archived: ArchivedEntry;
  readonly marks: OverlayMarks;
  readonly markPrefix: MarkPrefix;
  readonly basePath: string;
  readonly isBelowOpaque: boolean;
  readonly isArchived: boolean;
}

/** The content of a further name of a file is that of its first one. */
function archivedOf(path: string, captured: CapturedFolder): ArchivedEntry | null {
  const own = captured.content.entries.get(path);
  if (own?.hardLinkTo === null || own === undefined) return own ?? null;
  const first = captured.content.entries.get(own.hardLinkTo);
  return first === undefined ? own : { ...first, hardLinkTo: own.hardLinkTo };
}

function redirectedPath(marks: OverlayMarks, { parent, own }: { parent: string; own: string }): string {
  if (marks.redirect === null) return own;
  if (marks.redirect.startsWith('/')) return marks.redirect.slice(1);
  return parent === '' ? marks.redirect : `${parent}/${marks.redirect}`;
}

/** Entries with what the overlay noted on them and on the folders above, parents before children. */
function* seenIn(captured: CapturedFolder, markPrefix: MarkPrefix): Generator<Seen> {
  const folders = new Map<string, { basePath: string; isOpaque: boolean }>();
  for (const path of [...captured.before.keys()].toSorted()) {
    const entry = captured.before.get(path);
    if (entry === undefined) continue;
    const found = archivedOf(path, captured);
    const archived = found ?? UNREAD;
    const marks = overlayMarksOf(entry, { ...archived, prefix: markPrefix });
    const above = path === '' ? undefined : folders.get(parentOf(path));
    const parent = above?.basePath ?? '';
    const name = path.slice(path.lastIndexOf('/') + 1);
    const own = parent === '' ? name : `${parent}/${name}`;
    const basePath = redirectedPath(marks, { parent, own });
    const isBelowOpaque = above?.isOpaque === true;
    if (entry.type === 'directory') folders.set(path, { basePath, isOpaque: isBelowOpaque || marks.opaque });
    yield { entry, archived, marks, markPrefix, basePath, isBelowOpaque, isArchived: found !== null };
  }
}

/** What is shown as one folder's is hidden when the folder is deleted, or replaced by an empty one. */
function isExpanded({ marks }: Seen): boolean {
  return marks.whiteout !== null || marks.opaque;
}

function needsHash({ entry, marks }: Seen, base: BaseEntry | null): boolean {
  if (base?.entry.type !== 'file' || base.entry.sizeBytes === 0) return false;
  return entry.type === 'file' || marks.whiteout !== null || entry.type === 'link';
}

function notesOf(
  seen: Seen,
  { captured, userXattr }: JudgedInput,
  hash: { wanted: boolean; found: boolean },
): string[] {
  const { entry, archived, isArchived, markPrefix } = seen;
  const name = entry.path.slice(entry.path.lastIndexOf('/') + 1);
  const isLeftOut = captured.leftOut.has(entry.path);
  return [
    ...(isLeftOut ? ['left-out'] : []),
    ...(!isArchived && !isLeftOut && !captured.content.isTooMany && entry.type !== 'socket' ? ['not-in-archive'] : []),
    ...(archived.isSparseTooLarge ? ['sparse-too-large'] : []),
    ...(hash.wanted && !hash.found ? ['base-unhashed'] : []),
    // In a layer's archive this name would be a deletion; here the container made a file of that name.
    ...(name.startsWith('.wh.') ? ['name-marks-whiteout'] : []),
    ...(hasForeignMark(archived.xattrs, markPrefix)
      ? [userXattr === null ? 'unclear-overlay-mark' : 'foreign-overlay-mark']
      : []),
  ];
}

export interface ComparedLayers {
  readonly entries: Generator<EntryFacts>;
  readonly base: ReadBase;
}

interface CompareWhere {
  readonly access: NodeAccess;
  readonly context: CollectContext;
  /** As `OverlayLayers`. */
  readonly userXattr: boolean | null;
}

/** Compares what was captured of a writable layer with the layers below it. Throws what `NodeAccess.run` throws. */
export async function compareLayers(
  { access, context, userXattr }: CompareWhere,
  captured: CapturedFolder,
  { lowers }: FoundLayers,
): Promise<ComparedLayers> {
  const { signal } = context;
  const markPrefix = markPrefixOf(userXattr);
  const seen = [...seenIn(captured, markPrefix)];
  const ownXattrs = ({ archived }: Seen): boolean =>
    [...archived.xattrs.keys()].some((name) => !isOverlayMark(name, markPrefix));
  const wanted = new Set<string>();
  for (const { basePath } of seen) for (let path = basePath; !wanted.has(path); path = parentOf(path)) wanted.add(path);
  const base = await readBase({
    access,
    signal,
    lowers,
    markPrefix,
    wanted,
    expanded: new Set(seen.filter(isExpanded).map(({ basePath }) => basePath)),
    withXattrs: new Set(seen.filter(ownXattrs).map(({ basePath }) => basePath)),
  });
  const bases = seen.map(({ basePath }) => base.layers.find(basePath));
  let toHash = 0;
  const hashed = bases.filter((one, index) => {
    const each = seen[index];
    if (one === null || each === undefined || !needsHash(each, one)) return false;
    toHash += one.entry.sizeBytes;
    return toHash <= MAX_HASHED_BYTES;
  });
  const hashes = await hashBase(
    { access, signal, lowers },
    hashed.flatMap((one) => one ?? []),
  );
  return { entries: judged({ seen, bases, hashes, base, captured, userXattr }), base };
}

interface JudgedInput {
  readonly seen: readonly Seen[];
  readonly bases: readonly (BaseEntry | null)[];
  readonly hashes: ReadonlyMap<string, string>;
  readonly base: ReadBase;
  readonly captured: CapturedFolder;
  readonly userXattr: boolean | null;
}

function comparedOf(one: Seen, found: BaseEntry | null, { hashes, base }: JudgedInput): Compared {
  const key = found === null ? '' : keyOf(found.layer, found.path);
  const hasXattrs = one.entry.type === 'file' || one.entry.type === 'directory';
  return {
    entry: one.entry,
    archived: one.archived,
    marks: one.marks,
    markPrefix: one.markPrefix,
    base: found,
    baseSha256: hashes.get(key) ?? null,
    baseXattrs: hasXattrs ? (base.xattrs.get(key) ?? null) : null,
  };
}

function* judged(input: JudgedInput): Generator<EntryFacts> {
  const { seen, bases, base, captured } = input;
  const present = new Set(seen.filter(({ marks }) => marks.whiteout === null).map(({ basePath }) => basePath));
  const hiddenBy = (one: Seen): EntryFacts['hidden'] => {
    const entries = base.layers.below(one.basePath).filter(({ path }) => !present.has(path));
    return { entries: entries.slice(0, MAX_HIDDEN), total: entries.length };
  };
  for (const [index, one] of seen.entries()) {
    const found = bases[index] ?? null;
    const compared = comparedOf(one, found, input);
    const hash = { wanted: needsHash(one, found), found: compared.baseSha256 !== null };
    yield {
      compared,
      judgement: classifyEntry(compared),
      isBelowOpaque: one.isBelowOpaque,
      changedDuringRead: captured.changed.has(one.entry.path),
      notes: notesOf(one, input, hash),
      hidden: found?.entry.type === 'directory' && isExpanded(one) ? hiddenBy(one) : null,
      renamedFrom: one.marks.redirect === null || one.entry.type !== 'directory' ? null : one.basePath,
    };
  }
}
