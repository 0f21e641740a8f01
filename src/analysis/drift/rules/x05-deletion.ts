import { isExecutableBit, type DriftRule } from '../drift-rule.js';

const LOGS =
  /^\/var\/log\/|\.log(?:\.\d+)?(?:\.gz)?$|\/(?:\.bash_history|\.ash_history|\.zsh_history|wtmp|btmp|lastlog|utmp)$/;
const SHELLS = /\/(?:ba|da|a|z|k|fi)?sh$|\/busybox$/;

export const deletion: DriftRule = {
  driftClass: 'X5',
  title: 'Deleted, or replaced as a whole',
  judge: ({ entry, path }) => {
    const hidden = entry.hidden ?? [];
    if (entry.class === 'opaque-replaced')
      return hidden.length === 0
        ? null
        : {
            rule: 'folder-replaced',
            severity: 'medium',
            why: `A folder of the image was deleted and made anew; ${String(entry.hiddenTotal ?? 0)} entries are gone.`,
          };
    if (entry.class !== 'deleted') return null;
    if (LOGS.test(path) || hidden.some((one) => LOGS.test(one.path)))
      return { rule: 'log-deleted', severity: 'high', why: 'A log or history of the image was deleted.' };
    if (SHELLS.test(path)) return { rule: 'shell-deleted', severity: 'medium', why: 'A shell was deleted.' };
    if (entry.base?.type === 'file' && isExecutableBit({ ...entry, mode: entry.base.mode }))
      return { rule: 'executable-deleted', severity: 'medium', why: 'An executable of the image was deleted.' };
    return { rule: 'deleted', severity: 'info', why: 'The image has it, the container deleted it.' };
  },
};
