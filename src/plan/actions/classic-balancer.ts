import { cloudKind } from '../cloud-kind.js';

/** Takes a machine out of a load balancer of the first generation. */
export const classicBalancer = cloudKind('classic-balancer', {
  reversibility: 'exact',
  undo: 'registers the machine again, which gets traffic once it is found healthy',
});
