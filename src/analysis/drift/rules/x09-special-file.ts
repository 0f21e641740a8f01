import type { DiffEntry } from '../../../model/diff-entry.js';
import type { DriftHit, DriftRule, DriftSubject } from '../drift-rule.js';

/** Absolute in the container; what follows it outside would end on another machine. */
const SENSITIVE_TARGETS =
  /^\/(?:$|etc\/(?:shadow|kubernetes)|proc\/|root(?:\/|$)|var\/(?:lib\/kubelet|run\/docker)|host)/;

function deviceHit({ type, rdev }: DiffEntry): DriftHit {
  const { major = 0, minor = 0 } = rdev ?? {};
  const number = `${type === 'block-device' ? 'b' : 'c'} ${String(major)}:${String(minor)}`;
  return { rule: 'device', severity: 'high', why: `Device ${number} was made here.` };
}

function linkHit({ linkTarget = '' }: DiffEntry): DriftHit | null {
  if (!SENSITIVE_TARGETS.test(linkTarget)) return null;
  const why = `A link to ${linkTarget.slice(0, 200)}, which tools that follow links would read on their own machine.`;
  return { rule: 'link-to-secret', severity: 'high', why };
}

function fileHit({ entry, path }: DriftSubject): DriftHit | null {
  if (entry.sniff?.kind === 'core' || /\/core(?:\.\d+)?$/.test(path))
    return { rule: 'core-dump', severity: 'high', why: 'The memory of a process.' };
  return entry.notes.includes('name-marks-whiteout')
    ? { rule: 'deceiving-name', severity: 'high', why: 'A name that tools for layers read as a deletion.' }
    : null;
}

/** Attributes that an overlay takes for its own, on a mount that has them elsewhere. */
function markHit({ notes }: DiffEntry): DriftHit | null {
  if (notes.includes('foreign-overlay-mark'))
    return {
      rule: 'forged-overlay-mark',
      severity: 'high',
      why: 'It has an attribute by which tools take it for deleted, moved or unchanged; this mount heeds it not.',
    };
  return notes.includes('unclear-overlay-mark')
    ? {
        rule: 'unclear-overlay-mark',
        severity: 'medium',
        why: 'It has an attribute by which some mounts take it for deleted, moved or unchanged; how it was mounted is not known.',
      }
    : null;
}

const CLASSES: readonly DiffEntry['class'][] = ['added', 'type-changed', 'content-modified'];

export const specialFile: DriftRule = {
  driftClass: 'X9',
  title: 'A device, socket, dump or link where none belongs',
  judge: (subject) => {
    const { entry } = subject;
    const mark = markHit(entry);
    if (mark !== null || !CLASSES.includes(entry.class)) return mark;
    switch (entry.type) {
      case 'block-device':
      case 'char-device':
        return deviceHit(entry);
      case 'link':
        return linkHit(entry);
      case 'socket':
        return { rule: 'socket', severity: 'medium', why: 'A socket was made here.' };
      default:
        return fileHit(subject);
    }
  },
};
