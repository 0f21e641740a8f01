import { z } from 'zod';
import { arrayAt, integerAt, stringAt } from '../../lib/untyped.js';
import type { ChangingKind } from '../action-kind.js';

/** The taints that a node gets by itself when it is not heard of. */
export const LOST_NODE: readonly string[] = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'];

const tolerationSchema = z.strictObject({
  /** Where it stands in the list of the pod: which of several is meant, since a toleration has no name. */
  at: z.int().min(0),
  key: z.string(),
  /** `null` = for ever. */
  seconds: z.int().nullable(),
});

interface Pin {
  readonly tolerations: readonly z.infer<typeof tolerationSchema>[];
}

/** What of a pod decides how long it outlives a lost node. */
export function lookAtTolerations(pod: unknown): Pin {
  const tolerations = arrayAt(pod, 'spec', 'tolerations').flatMap((toleration, at) => {
    const key = stringAt(toleration, 'key') ?? '';
    const effect = stringAt(toleration, 'effect') ?? '';
    // One without a key tolerates every taint; one without an effect, taints of each.
    const isMeant = LOST_NODE.includes(key) || (key === '' && stringAt(toleration, 'operator') === 'Exists');
    if (!isMeant || (effect !== '' && effect !== 'NoExecute')) return [];
    return [{ at, key, seconds: integerAt(toleration, 'tolerationSeconds') ?? null }];
  });
  return { tolerations };
}

/**
 * Keeps a pod on a node that is lost: its existing tolerations of a lost node hold for ever. The API lets exactly this be changed of an
 * existing toleration (kubernetes/kubernetes#41818); one that were appended would have no effect, because the first that fits decides, and
 * could not be taken away again. A pod whose time runs already is not saved (kubernetes/kubernetes#108982).
 */
export const pinPod: ChangingKind<Pin> = {
  kind: 'pin-pod',
  makes: false,
  reversibility: 'exact',
  undo: 'gives the tolerations of a lost node their earlier seconds',
  view: z.strictObject({ tolerations: z.array(tolerationSchema).readonly() }),
  doing: ['get', 'patch'],
  undoing: ['get', 'patch'],
  look: (object) => lookAtTolerations(object),
  patch: (object, { tolerations }) => {
    const wanted = new Map(tolerations.map(({ at, seconds }) => [at, seconds]));
    const all = arrayAt(object, 'spec', 'tolerations').map((toleration, at) => {
      const seconds = wanted.get(at);
      if (seconds === undefined || toleration === null || typeof toleration !== 'object') return toleration;
      const { tolerationSeconds: _earlier, ...rest } = toleration as Readonly<Record<string, unknown>>;
      return seconds === null ? rest : { ...rest, tolerationSeconds: seconds };
    });
    return { type: 'merge', patch: { spec: { tolerations: all } } };
  },
  undone: ({ before }) => before,
};
