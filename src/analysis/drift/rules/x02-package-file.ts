import type { FileVerdict } from '../../packages/judge-executable.js';
import type { DriftRule } from '../drift-rule.js';

const named = ({ package: name, version }: FileVerdict): string =>
  `${name ?? ''} ${version ?? ''}`.trim().slice(0, 200);

export const packageFile: DriftRule = {
  driftClass: 'X2',
  title: 'File of a package of the image with other content',
  judge: ({ entry, packages }) => {
    const isChanged = entry.class === 'content-modified' || entry.class === 'type-changed';
    if (!isChanged || packages?.image.verdict !== 'modified') return null;
    const why = `Package ${named(packages.image)} of the image has other content here.`;
    return { rule: 'modified-package-file', severity: 'high', why };
  },
};
