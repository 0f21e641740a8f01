import { cloudKind } from '../cloud-kind.js';

/** Denies a role everything in sessions of one machine that were opened before an instant; other machines of the role go on. */
export const denySessions = cloudKind('deny-sessions', {
  reversibility: 'exact',
  undo: 'deletes the policy of the role',
});
