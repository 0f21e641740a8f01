import { cloudKind } from '../cloud-kind.js';

/** Takes the role away from a machine. Credentials that it has are valid until they expire. */
export const instanceProfile = cloudKind('instance-profile', {
  reversibility: 'compensated',
  undo: 'gives the machine its profile back; the association is a new one',
});
