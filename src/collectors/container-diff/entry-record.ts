import { toRfc3339 } from '../../lib/clock.js';
import { escapeForTerminal } from '../../lib/terminal-escape.js';
import type { DiffBase, DiffEntry } from '../../model/diff-entry.js';
import type { BaseEntry } from './base-layers.js';
import type { Compared, Judgement } from './classify-entry.js';

const MAX_SHOWN_NAME = 4096;
/** An attribute's value that is longer is cut in the record; the archive has the whole. */
const MAX_XATTR_BYTES = 4096;
const MAX_XATTRS = 64;

/** RFC 3339 with nanoseconds, for years 1970 to 9999; else nanoseconds as they are. */
export function instantOf(ns: bigint): string {
  const seconds = ns / 1_000_000_000n;
  if (ns < 0n || seconds > 253_402_300_799n) return `@${ns.toString()}ns`;
  const fraction = (ns % 1_000_000_000n).toString().padStart(9, '0');
  return `${toRfc3339(Number(seconds) * 1000).slice(0, 19)}.${fraction}Z`;
}

/** Bytes as Latin-1 in base64, and for people. What is UTF-8 is shown as what it says, escaped; else byte by byte. */
export function namedOf(bytes: string): { readonly pathB64: string; readonly path: string } {
  const raw = Buffer.from(bytes, 'latin1');
  const text = raw.toString('utf8');
  const isUtf8 = Buffer.from(text, 'utf8').equals(raw);
  return { pathB64: raw.toString('base64'), path: escapeForTerminal(isUtf8 ? text : bytes, MAX_SHOWN_NAME) };
}

function linkTargetOf(type: string, target: string): { linkTarget?: string; linkTargetB64?: string } {
  if (type !== 'link') return {};
  const { path, pathB64 } = namedOf(target);
  return { linkTarget: path, linkTargetB64: pathB64 };
}

function baseOf({ layer, path, entry }: BaseEntry, own: { path: string; sha256: string | null }): DiffBase {
  return {
    type: entry.type,
    mode: entry.mode,
    uid: entry.uid,
    gid: entry.gid,
    sizeBytes: entry.sizeBytes,
    mtime: instantOf(entry.mtimeNs),
    layer,
    ...(path === own.path ? {} : { pathB64: namedOf(`/${path}`).pathB64 }),
    sha256: own.sha256,
    ...linkTargetOf(entry.type, entry.linkTarget),
  };
}

function overlayNotes({ marks }: Compared, isBelowOpaque: boolean): string[] {
  return [
    ...(marks.whiteout === 'device' ? ['whiteout'] : []),
    ...(marks.whiteout === 'attribute' ? ['whiteout-xattr'] : []),
    ...(marks.opaque ? ['opaque'] : []),
    ...(marks.redirect === null ? [] : ['redirect']),
    ...(marks.metacopy ? ['metacopy'] : []),
    ...(isBelowOpaque ? ['below-opaque'] : []),
  ];
}

export interface EntryFacts {
  readonly compared: Compared;
  readonly judgement: Judgement;
  readonly isBelowOpaque: boolean;
  readonly changedDuringRead: boolean;
  readonly notes: readonly string[];
  /** Shown below the entry in the base and hidden by it. */
  readonly hidden: { readonly entries: readonly BaseEntry[]; readonly total: number } | null;
  readonly renamedFrom: string | null;
  /** Where the entry is in no layer but in a volume of the container, mounted at `prefix`. */
  readonly volume?: DiffEntry['volume'];
  readonly prefix?: string;
}

/** The line of entries.jsonl for one entry of a writable layer. */
export function entryRecord(facts: EntryFacts): DiffEntry {
  const { compared, judgement, hidden, renamedFrom, prefix = '' } = facts;
  const { entry, archived, base, marks } = compared;
  return {
    ...namedOf(`${prefix}/${entry.path}`),
    class: judgement.class,
    type: entry.type,
    mode: entry.mode,
    uid: entry.uid,
    gid: entry.gid,
    sizeBytes: entry.sizeBytes,
    allocatedBytes: entry.allocatedBytes,
    nlink: entry.nlink,
    inode: entry.inode,
    device: entry.device,
    ...(archived.rdev === null ? {} : { rdev: archived.rdev }),
    mtime: instantOf(entry.mtimeNs),
    atime: instantOf(entry.atimeNs),
    ctime: instantOf(entry.ctimeNs),
    btime: entry.btimeNs === null ? null : instantOf(entry.btimeNs),
    ...linkTargetOf(entry.type, entry.linkTarget),
    xattrs: [...archived.xattrs]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .slice(0, MAX_XATTRS)
      .map(([name, value]) => ({
        name: escapeForTerminal(name, 300),
        valueB64: value.subarray(0, MAX_XATTR_BYTES).toString('base64'),
      })),
    overlay: overlayNotes(compared, facts.isBelowOpaque),
    // Of a metacopy the zeros of the upper file are no content; the base's hash stands at the base.
    sha256: marks.metacopy ? null : archived.sha256,
    sniff: marks.whiteout === null && !marks.metacopy ? archived.sniff : null,
    base: base === null ? null : baseOf(base, { path: entry.path, sha256: compared.baseSha256 }),
    differs: [...judgement.differs],
    ...(hidden === null
      ? {}
      : {
          hidden: hidden.entries.map(({ path, entry: { type, sizeBytes } }) => ({
            ...namedOf(`/${path}`),
            type,
            sizeBytes,
          })),
          hiddenTotal: hidden.total,
        }),
    ...(renamedFrom === null
      ? {}
      : { renamedFromB64: namedOf(`/${renamedFrom}`).pathB64, renamedFrom: namedOf(`/${renamedFrom}`).path }),
    ...(facts.volume === undefined ? {} : { volume: facts.volume }),
    changedDuringRead: facts.changedDuringRead,
    notes: [...facts.notes],
  };
}
