import { z } from 'zod';
import { arrayAt, stringAt } from '../../lib/untyped.js';
import type { ChangingKind } from '../action-kind.js';

interface Taint {
  readonly key: string;
  readonly effect: 'NoSchedule';
  /** `null` = the node has no taint of that key and effect. */
  readonly value: string | null;
}

function isOurs(taint: unknown, { key, effect }: Taint): boolean {
  return stringAt(taint, 'key') === key && stringAt(taint, 'effect') === effect;
}

/** One taint among those of a node. NoSchedule only: NoExecute deletes pods past every disruption budget. */
export const taintNode: ChangingKind<Taint> = {
  kind: 'taint-node',
  makes: false,
  reversibility: 'exact',
  undo: 'takes our taint away; those of others stay as they are',
  view: z.strictObject({ key: z.string(), effect: z.literal('NoSchedule'), value: z.string().nullable() }),
  doing: ['get', 'patch'],
  undoing: ['get', 'patch'],
  look: (object, like) => {
    const ours = arrayAt(object, 'spec', 'taints').find((taint) => isOurs(taint, like));
    return { key: like.key, effect: like.effect, value: ours === undefined ? null : (stringAt(ours, 'value') ?? '') };
  },
  // A list is replaced as a whole by a merge patch: the resource version sees to it that it is still the one that was read.
  patch: (object, view) => {
    const others = arrayAt(object, 'spec', 'taints').filter((taint) => !isOurs(taint, view));
    const { key, effect, value } = view;
    const taints = value === null ? others : [...others, { key, ...(value === '' ? {} : { value }), effect }];
    return { type: 'merge', patch: { spec: { taints: taints.length === 0 ? null : taints } } };
  },
  undone: ({ before }) => before,
};
