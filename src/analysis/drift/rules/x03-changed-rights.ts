import type { DiffEntry } from '../../../model/diff-entry.js';
import type { DriftHit, DriftRule } from '../drift-rule.js';

const SET_ID = 0o6000;

function hasCapabilities({ xattrs }: DiffEntry): boolean {
  return xattrs.some(({ name }) => name === 'security.capability');
}

function baseMode({ base }: DiffEntry): number {
  return base?.type === 'file' ? base.mode : 0;
}

/** Of a file that has the content of the image. */
function metadataHit(entry: DiffEntry): DriftHit | null {
  if ((entry.mode & 0o111 & ~baseMode(entry)) !== 0)
    return { rule: 'made-executable', severity: 'high', why: 'A file of the image was made executable.' };
  const rights = entry.differs.filter((what) => what === 'mode' || what === 'uid' || what === 'gid');
  return rights.length > 0
    ? { rule: 'changed-owner-or-mode', severity: 'medium', why: `Of a file of the image: ${rights.join(', ')}.` }
    : null;
}

export const changedRights: DriftRule = {
  driftClass: 'X3',
  title: 'Rights that the image did not give',
  judge: ({ entry }) => {
    if (entry.type !== 'file' || entry.class === 'deleted') return null;
    if ((entry.mode & ~baseMode(entry) & SET_ID) !== 0)
      return {
        rule: 'set-id',
        severity: 'critical',
        why: 'Runs with the rights of its owner or group, which the image did not say.',
      };
    if (hasCapabilities(entry) && (entry.base === null || entry.differs.includes('xattrs')))
      return {
        rule: 'file-capabilities',
        severity: 'critical',
        why: 'Gives capabilities to whoever runs it, which the image did not say.',
      };
    return entry.class === 'metadata-only' || entry.class === 'metacopy' ? metadataHit(entry) : null;
  },
};
