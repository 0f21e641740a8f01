import { cloudKind } from '../cloud-kind.js';

/** Keeps a scaling group from choosing the machine when it becomes smaller; not from replacing it as unhealthy. */
export const scaleInProtection = cloudKind('scale-in-protection', {
  reversibility: 'exact',
  undo: 'lets the group choose the machine again, where it could before',
});
