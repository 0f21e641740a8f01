import type { DiffEntry } from '../../model/diff-entry.js';
import type { DriftClass, DriftSeverity } from '../../model/drift.js';
import type { EntryPackages } from '../packages/entry-packages.js';

export interface DriftHit {
  /** Kebab-case, unique in its class. */
  readonly rule: string;
  readonly severity: DriftSeverity;
  /** Why it matters, one sentence; names in it are escaped. */
  readonly why: string;
}

/** An entry with what the rest of the archive knows of it. */
export interface DriftSubject {
  readonly entry: DiffEntry;
  /** The escaped path, absolute in the container. */
  readonly path: string;
  /** A process of the node runs this very file, by its hash. */
  readonly runs: boolean;
  /** Whose it is; left out or `null` = not known. */
  readonly packages?: EntryPackages | null;
}

/** One of the classes of drift: when an entry belongs to it, and why. Pure. */
export interface DriftRule {
  readonly driftClass: DriftClass;
  readonly title: string;
  judge(subject: DriftSubject): DriftHit | null;
}

/** What a container put there, or put something else into. */
export function isWritten({ class: what }: DiffEntry): boolean {
  return what === 'added' || what === 'content-modified' || what === 'type-changed' || what === 'undetermined';
}

export function isExecutableBit({ mode }: DiffEntry): boolean {
  return (mode & 0o111) !== 0;
}

/** Where images keep what packages install. */
const SYSTEM = /^\/(?:usr\/)?(?:bin|sbin|lib(?:32|64|x32)?|libexec)\//;

export function isSystemPath(path: string): boolean {
  return SYSTEM.test(path);
}

/** Code by its content: what a kernel or an interpreter runs. */
export function isCode({ sniff }: DiffEntry): boolean {
  return sniff !== null && (sniff.kind === 'elf' || sniff.kind === 'script' || sniff.kind === 'wasm');
}
