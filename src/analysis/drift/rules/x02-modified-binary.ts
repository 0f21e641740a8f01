import type { DiffEntry } from '../../../model/diff-entry.js';
import {
  isCode,
  isExecutableBit,
  isSystemPath,
  type DriftHit,
  type DriftRule,
  type DriftSubject,
} from '../drift-rule.js';

/** Code that others load or interpret: it needs no execute bit and has no telling beginning. */
const CODE_NAMES =
  /\.(?:py|pyc|pyd|js|mjs|cjs|ts|node|php\d?|phtml|rb|pl|pm|lua|sh|bash|jar|war|class|so(?:\.[0-9.]+)?|ko(?:\.[gx]z)?|jsp|aspx?|dll|wasm|r)$/i;

function wasProgram({ base }: DiffEntry): boolean {
  return base !== null && base.type === 'file' && (base.mode & 0o111) !== 0;
}

/** A program by what it is or was, or where it is. */
function isProgram({ entry, path }: DriftSubject): boolean {
  return isCode(entry) || isExecutableBit(entry) || wasProgram(entry) || isSystemPath(path);
}

function contentHit(subject: DriftSubject): DriftHit | null {
  const { entry, path, runs } = subject;
  if (!isProgram(subject) && !runs && !CODE_NAMES.test(path)) return null;
  const { base, differs } = entry;
  if (base !== null && !differs.includes('mtime') && !differs.includes('size'))
    return {
      rule: 'modified-in-disguise',
      severity: 'critical',
      why: 'Other content under the size and the time of the image: somebody set the time back.',
    };
  if (runs)
    return {
      rule: 'modified-and-running',
      severity: 'critical',
      why: 'A process runs it, and the image has other content here.',
    };
  if (isSystemPath(path))
    return {
      rule: 'modified-system-file',
      severity: 'critical',
      why: 'What the image installed here has other content.',
    };
  return isProgram(subject)
    ? { rule: 'modified-executable', severity: 'high', why: 'An executable of the image has other content.' }
    : { rule: 'modified-code', severity: 'medium', why: 'Code of the image, by its name, has other content.' };
}

/** Another kind of thing where the image has a program: a file for a link, a link for a file. */
function replacedHit({ entry, path, runs }: DriftSubject): DriftHit | null {
  if (runs)
    return {
      rule: 'replaced-and-running',
      severity: 'critical',
      why: 'A process runs it, and the image has another kind of thing here.',
    };
  const isInSystem = isSystemPath(path) || wasProgram(entry);
  if (!isInSystem && !isNewProgram(entry)) return null;
  const why = `The image has a ${entry.base?.type ?? 'thing'} of this name, and here is ${kindOf(entry)}.`;
  return { rule: 'replaced', severity: isInSystem ? 'critical' : 'high', why };
}

function isNewProgram(entry: DiffEntry): boolean {
  return entry.type === 'file' && (isCode(entry) || isExecutableBit(entry));
}

function kindOf({ type, linkTarget = '' }: DiffEntry): string {
  return type === 'link' ? `a link to ${linkTarget.slice(0, 200)}` : `a ${type}`;
}

/** A link that leads elsewhere than the image's, where programs and libraries are. */
function linkHit({ entry, path }: DriftSubject): DriftHit | null {
  if (!isSystemPath(path)) return null;
  const why = `What the image has under this name leads to ${(entry.linkTarget ?? '').slice(0, 200)} now.`;
  return { rule: 'modified-link', severity: 'critical', why };
}

function undeterminedHit(subject: DriftSubject): DriftHit | null {
  const { entry, path, runs } = subject;
  if (entry.type !== 'file') return null;
  const isGrave = runs || isProgram(subject);
  return isGrave || CODE_NAMES.test(path)
    ? {
        rule: 'not-compared',
        severity: isGrave ? 'high' : 'medium',
        why: 'A program that was opened for writing; one of the two contents was not read, so it may be another.',
      }
    : null;
}

export const modifiedBinary: DriftRule = {
  driftClass: 'X2',
  title: 'Executable of the image with other content',
  judge: (subject) => {
    const { entry } = subject;
    switch (entry.class) {
      case 'type-changed':
        return replacedHit(subject);
      case 'undetermined':
        return undeterminedHit(subject);
      case 'content-modified':
        if (entry.type === 'link') return linkHit(subject);
        return entry.type === 'file' ? contentHit(subject) : null;
      default:
        return null;
    }
  },
};
