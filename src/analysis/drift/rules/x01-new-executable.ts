import { isCode, isExecutableBit, type DriftHit, type DriftRule, type DriftSubject } from '../drift-rule.js';

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

export const newExecutable: DriftRule = {
  driftClass: 'X1',
  title: 'New executable that no layer of the image has',
  judge: (subject) => {
    const { entry, runs } = subject;
    if (entry.class !== 'added' || entry.type !== 'file') return null;
    if (runs)
      return {
        rule: 'new-and-running',
        severity: 'critical',
        why: 'A process runs this file, and the image does not have it.',
      };
    if (isCode(entry)) return codeHit(subject);
    const isUnread = entry.sizeBytes > 0 && entry.sha256 === null;
    return isUnread && isExecutableBit(entry)
      ? {
          rule: 'unread-executable',
          severity: 'high',
          why: 'Executable, not in the image, and its content was not read.',
        }
      : null;
  },
};
