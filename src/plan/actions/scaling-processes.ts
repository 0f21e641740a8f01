import { cloudKind } from '../cloud-kind.js';

/**
 * Keeps a scaling group from ending or replacing any of its machines. It is the whole group that stops, also for machines that nobody
 * suspects.
 */
export const scalingProcesses = cloudKind('scaling-processes', {
  reversibility: 'exact',
  undo: 'resumes those processes of the group that this change suspended, and no others',
});
