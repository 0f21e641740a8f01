import type { DriftRule } from '../drift-rule.js';

/** What runtimes and the kubelet put into every container. */
const RUNTIME =
  /^\/(?:etc\/(?:hosts|hostname|resolv\.conf|mtab)|\.dockerenv|dev\/(?:console|pts|shm)|run\/\.containerenv)$|^\/(?:dev|proc|sys)$/;
const PASSING = /^\/(?:var\/)?run\/.*\.(?:pid|lock)$|^\/(?:var\/)?tmp$|^\/var\/cache\/ldconfig\/|\/__pycache__(?:\/|$)/;

export const noise: DriftRule = {
  driftClass: 'X10',
  title: 'Expected at run time',
  judge: ({ entry, path }) => {
    if (entry.class === 'deleted' || entry.type === 'char-device' || entry.type === 'block-device') return null;
    if (RUNTIME.test(path))
      return { rule: 'made-by-runtime', severity: 'info', why: 'Runtimes make it in every container.' };
    return PASSING.test(path)
      ? { rule: 'passing', severity: 'info', why: 'Programs make such files as they run.' }
      : null;
  },
};
