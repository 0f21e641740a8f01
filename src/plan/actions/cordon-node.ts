import { z } from 'zod';
import { booleanAt } from '../../lib/untyped.js';
import type { ChangingKind } from '../action-kind.js';

interface Cordon {
  readonly unschedulable: boolean;
}

/** Keeps new pods from a node; those that run there are left alone. */
export const cordonNode: ChangingKind<Cordon> = {
  kind: 'cordon-node',
  makes: false,
  reversibility: 'exact',
  undo: 'lets the node take new pods again, unless it did not before',
  view: z.strictObject({ unschedulable: z.boolean() }),
  doing: ['get', 'patch'],
  undoing: ['get', 'patch'],
  look: (object) => ({ unschedulable: booleanAt(object, 'spec', 'unschedulable') ?? false }),
  // The server leaves `false` out; so do we.
  patch: (_object, { unschedulable }) => ({
    type: 'merge',
    patch: { spec: { unschedulable: unschedulable ? true : null } },
  }),
  undone: ({ before }) => before,
};
