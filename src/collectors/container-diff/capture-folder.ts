import type { Sensitivity, Subject } from '../../model/artifact.js';
import type { CollectContext, CollectResult } from '../../ports/collector.js';
import type { NodeAccess } from '../../ports/node-access.js';
import { captureCommand } from '../capture-command.js';
import { chooseLeftOut, exclusionList } from './choose-left-out.js';
import { CONTENT_SCRIPT, LISTING_SCRIPT } from './far-scripts.js';
import { FolderListing } from './folder-listing.js';
import type { ListedEntry } from './listing.js';
import type { FarFolder } from './resolve-folders.js';
import { UpperContent } from './upper-content.js';

export interface FolderRequest {
  readonly access: NodeAccess;
  readonly context: CollectContext;
  readonly folder: FarFolder;
  /** Below `data/`, without a slash at its end. */
  readonly into: string;
  readonly artifact: string;
  readonly collector: string;
  readonly subject: Subject;
  readonly maxBytes: number;
  readonly maxEntries: number;
  /** Of what is inside; the listings are `normal`. */
  readonly sensitivity: Sensitivity;
}

export interface CapturedFolder {
  readonly before: ReadonlyMap<string, ListedEntry>;
  readonly content: UpperContent;
  readonly leftOut: ReadonlySet<string>;
  /** Paths that were not the same, or not there, when the folder was listed again. */
  readonly changed: ReadonlySet<string>;
  /** Paths that only the second listing has. */
  readonly appeared: number;
  readonly results: readonly CollectResult[];
  /** Payload that was written. */
  readonly paths: readonly string[];
  /** The archive, where it came whole. */
  readonly archivePath: string | null;
  /** More entries, or longer names and attributes, than are judged one by one. */
  readonly isTooMany: boolean;
}

/** Bytes of headers per entry, and what a name of attributes may add, in an archive. */
const HEADER_BYTES = 4096;
const SLACK_BYTES = 64 * 1024 * 1024;
const MAX_LISTING_BYTES = 2 * 1024 * 1024 * 1024;

/** Lists a folder into a payload file and keeps of it what is judged. */
async function listed(request: FolderRequest, name: string, file: string) {
  const { access, context, folder, into, artifact, collector, subject } = request;
  const listing = new FolderListing(request.maxEntries);
  const { result, path } = await captureCommand(
    {
      access,
      command: {
        name,
        script: LISTING_SCRIPT,
        args: [folder.view, folder.path, folder.identity],
        maxBytes: MAX_LISTING_BYTES,
        idleTimeoutMs: context.limits.idleTimeoutMs,
      },
      draft: { path: `${into}/${file}`, artifact, collector, sensitivity: 'normal' },
      subject,
      watch: (bytes) => listing.feed(bytes),
      judge: () => {
        const problem = listing.end();
        return problem === null ? null : { reason: 'malformed-listing', detail: problem };
      },
    },
    context,
  );
  return { listing, result, path };
}

function hasChanged(before: ListedEntry, after: ListedEntry | undefined): boolean {
  if (after === undefined) return true;
  return (
    before.inode !== after.inode ||
    before.sizeBytes !== after.sizeBytes ||
    before.mtimeNs !== after.mtimeNs ||
    before.ctimeNs !== after.ctimeNs ||
    before.type !== after.type
  );
}

/** The names in a folder, without what is inside its files. */
export async function captureNames(request: FolderRequest): Promise<{
  readonly entries: ReadonlyMap<string, ListedEntry>;
  readonly path: string | null;
  readonly outcome: string;
}> {
  const { listing, result, path } = await listed(request, 'listing', 'listing.bin');
  return { entries: listing.entries, path, outcome: result.outcome === 'collected' ? 'taken' : result.reason };
}

/** A folder's own times change when something in it does: that is said of what is in it. */
function compared(before: FolderListing, after: FolderListing): { changed: Set<string>; appeared: number } {
  const changed = new Set<string>();
  for (const [path, entry] of before.entries)
    if (entry.type !== 'directory' && hasChanged(entry, after.entries.get(path))) changed.add(path);
  let appeared = 0;
  for (const path of after.entries.keys()) if (!before.entries.has(path)) appeared += 1;
  return { changed, appeared: before.isTooMany ? 0 : appeared };
}

/**
 * Takes a folder whole: lists it, streams it as one archive, lists it again. What of it did not fit is chosen by size before. Leaves no
 * writer open. Throws as `captureCommand`.
 */
export async function captureFolder(request: FolderRequest): Promise<CapturedFolder> {
  const { access, context, folder, into, artifact, collector, subject, maxBytes, maxEntries, sensitivity } = request;
  const before = await listed(request, 'listing-before', 'listing-before.bin');
  const content = new UpperContent(maxEntries);
  const leftOut = chooseLeftOut(before.listing.entries.values(), maxBytes);
  const archive = await captureCommand(
    {
      access,
      command: {
        name: 'content',
        script: CONTENT_SCRIPT,
        args: [folder.view, folder.path, folder.identity],
        stdin: exclusionList(leftOut),
        maxBytes: Math.min(maxBytes + before.listing.total * HEADER_BYTES + SLACK_BYTES, Number.MAX_SAFE_INTEGER),
        idleTimeoutMs: context.limits.idleTimeoutMs,
      },
      draft: { path: `${into}/upper.tar`, artifact, collector, sensitivity },
      subject,
      watch: (bytes) => content.feed(bytes),
      // 1: something changed while it was read, which the two listings say by name.
      expectedStatuses: [0, 1],
      judge: () => {
        content.end();
        return content.problem === null ? null : { reason: 'malformed-archive', detail: content.problem };
      },
    },
    context,
  );
  const after = await listed(request, 'listing-after', 'listing-after.bin');
  return {
    before: before.listing.entries,
    content,
    leftOut,
    ...compared(before.listing, after.listing),
    results: [before.result, archive.result, after.result],
    paths: [before.path, archive.path, after.path].filter((path) => path !== null),
    archivePath: archive.result.outcome === 'collected' ? archive.path : null,
    isTooMany: before.listing.isTooMany || content.isTooMany,
  };
}
