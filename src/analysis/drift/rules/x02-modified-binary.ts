import { isCode, isExecutableBit, type DriftRule } from '../drift-rule.js';

/** Where images keep what packages install. */
const SYSTEM = /^\/(?:usr\/)?(?:bin|sbin|lib(?:32|64|x32)?|libexec)\//;

export const modifiedBinary: DriftRule = {
  driftClass: 'X2',
  title: 'Executable of the image with other content',
  judge: ({ entry, path, runs }) => {
    if (entry.class !== 'content-modified' || entry.type !== 'file') return null;
    if (!isCode(entry) && !isExecutableBit(entry) && !SYSTEM.test(path)) return null;
    const { base, differs } = entry;
    const isHidden = base !== null && !differs.includes('mtime') && !differs.includes('size');
    if (isHidden)
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
    if (SYSTEM.test(path))
      return {
        rule: 'modified-system-file',
        severity: 'critical',
        why: 'What the image installed here has other content.',
      };
    return { rule: 'modified-executable', severity: 'high', why: 'An executable of the image has other content.' };
  },
};
