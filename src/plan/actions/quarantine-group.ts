import { cloudKind } from '../cloud-kind.js';

/** Makes a group of rules for the interfaces of one network, under a name of the plan; nothing is in it yet. */
export const quarantineGroup = cloudKind('quarantine-group', {
  reversibility: 'exact',
  undo: 'deletes the group, which must be on no interface then',
});
