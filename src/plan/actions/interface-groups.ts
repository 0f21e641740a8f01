import { cloudKind } from '../cloud-kind.js';

/** Puts other groups of rules on one interface. Connections that are tracked go on until they end. */
export const interfaceGroups = cloudKind('interface-groups', {
  reversibility: 'exact',
  undo: 'puts the groups on the interface that it had before',
});
