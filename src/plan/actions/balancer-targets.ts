import { cloudKind } from '../cloud-kind.js';

/** Takes a machine and its addresses out of a target group. Connections that are open go on until they end or the group's time is up. */
export const balancerTargets = cloudKind('balancer-targets', {
  reversibility: 'exact',
  undo: 'registers the same targets again, which get traffic once they are found healthy',
});
