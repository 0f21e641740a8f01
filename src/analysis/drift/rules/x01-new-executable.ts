import {
  isCode,
  isExecutableBit,
  isSystemPath,
  type DriftHit,
  type DriftRule,
  type DriftSubject,
} from '../drift-rule.js';
import type { DiffEntry } from '../../../model/diff-entry.js';

/** A library or module is loaded without an execute bit. */
const LOADED = /\.(?:so(?:\.[0-9.]+)?|ko(?:\.[gx]z)?|jar|pyc|node)$/;

function codeHit({ entry, path }: DriftSubject): DriftHit {
  if (isExecutableBit(entry))
    return { rule: 'new-executable', severity: 'high', why: 'The image does not have this executable.' };
  if (LOADED.test(path))
    return { rule: 'new-library', severity: 'high', why: 'The image does not have this code that others load.' };
  if (entry.sniff?.kind === 'script')
    return {
      rule: 'new-script',
      severity: 'medium',
      why: 'A script that the image does not have; an interpreter runs it without an execute bit.',
    };
  return {
    rule: 'new-elf',
    severity: 'high',
    why: 'A program in binary form that the image does not have; not executable as it lies.',
  };
}

/** Where a shell looks for programs, and what it finds there may be a link to anywhere. */
const PROGRAM_FOLDERS = /^\/(?:usr\/(?:local\/)?)?s?bin\/[^/]+$/;
/** What anybody may write: nothing of an image is installed there. */
const WRITABLE = /^\/(?:tmp|var\/tmp|dev\/shm|run|var\/run|proc)(?:\/|$)|(?:^|\/)\.[^./]/;

function linkHit({ entry, path }: DriftSubject): DriftHit | null {
  if (!PROGRAM_FOLDERS.test(path) || entry.class !== 'added') return null;
  const target = entry.linkTarget ?? '';
  const why = `A program's name that the image does not have leads to ${target.slice(0, 200)}.`;
  return { rule: 'new-program-link', severity: WRITABLE.test(target) ? 'high' : 'medium', why };
}

/** The content is in a layer below, and not as the image shows it at this path. */
function isMovedMetacopy({ class: what, base }: DiffEntry): boolean {
  return what === 'metacopy' && (base === null || base.pathB64 !== undefined);
}

function isUnreadExecutable({ entry, path }: DriftSubject): boolean {
  const isUnread = entry.sizeBytes > 0 && entry.sha256 === null;
  return isUnread && (isExecutableBit(entry) || (entry.class === 'type-changed' && isSystemPath(path)));
}

export const newExecutable: DriftRule = {
  driftClass: 'X1',
  title: 'New executable that no layer of the image has',
  judge: (subject) => {
    const { entry, runs } = subject;
    if (entry.type === 'link') return linkHit(subject);
    const isNew = entry.class === 'added' || entry.class === 'type-changed' || isMovedMetacopy(entry);
    if (!isNew || entry.type !== 'file') return null;
    if (runs)
      return {
        rule: 'new-and-running',
        severity: 'critical',
        why: 'A process runs this file, and the image does not have it.',
      };
    if (isCode(entry)) return codeHit(subject);
    return isUnreadExecutable(subject)
      ? {
          rule: 'unread-executable',
          severity: 'high',
          why: 'Executable, not in the image, and its content was not read.',
        }
      : null;
  },
};
