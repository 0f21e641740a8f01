import { cloudKind } from '../cloud-kind.js';

/**
 * Takes a machine out of its scaling group and out of the balancers of that: a group that finds its member unhealthy ends it, with its
 * disks. Whether the group then starts another one is decided by `decrementsDesired`.
 */
export const groupMembership = cloudKind('group-membership', {
  reversibility: 'compensated',
  undo: 'puts the machine back into its group, which may end it or another one when it has one too many',
});
