import { cloudKind } from '../cloud-kind.js';

/** Has a machine that shuts itself down stop, and keep its disks, where it would be ended. */
export const shutdownBehaviour = cloudKind('shutdown-behaviour', {
  reversibility: 'exact',
  undo: 'has a shutdown do what it did before',
});
