import { z } from 'zod';
import { stringAt } from '../../lib/untyped.js';
import type { ChangingKind } from '../action-kind.js';

interface Ending {
  readonly ending: boolean;
}

/**
 * Moves a pod that is no suspect off its node, as far as its disruption budgets allow. Once the server has taken it, nothing keeps the pod:
 * what is taken back is nothing, and a release only says so.
 */
export const evictPod: ChangingKind<Ending> = {
  kind: 'evict-pod',
  makes: false,
  removes: true,
  reversibility: 'irreversible',
  undo: 'cannot be undone: the pod is gone, and its controller made another one elsewhere',
  view: z.strictObject({ ending: z.boolean() }),
  doing: ['get'],
  doingBeside: [{ verb: 'create', subresource: 'eviction' }],
  undoing: ['get'],
  look: (object) => ({ ending: stringAt(object, 'metadata', 'deletionTimestamp') !== undefined }),
  patch: () => 'eviction',
  undone: ({ intended }) => intended,
};
