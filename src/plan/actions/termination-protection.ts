import { cloudKind } from '../cloud-kind.js';

/** Keeps a machine from being ended by a call; not from its own shutdown, its scaling group or the market of spot machines. */
export const terminationProtection = cloudKind('termination-protection', {
  reversibility: 'exact',
  undo: 'lets the machine be ended by a call again, unless it was so before',
});
