import { arrayAt, stringAt } from '../../lib/untyped.js';
import { objectOf, type PlannedStep } from '../../model/action.js';
import type { Scene, Suspect } from './read-scene.js';

/** As the scheduler compares them; `Equal` is the default of a toleration. */
function tolerates(toleration: unknown, taint: unknown): boolean {
  const [key, effect] = [stringAt(toleration, 'key') ?? '', stringAt(toleration, 'effect') ?? ''];
  if (effect !== '' && effect !== stringAt(taint, 'effect')) return false;
  const isAny = stringAt(toleration, 'operator') === 'Exists';
  if (key === '') return isAny;
  if (key !== stringAt(taint, 'key')) return false;
  return isAny || (stringAt(toleration, 'value') ?? '') === (stringAt(taint, 'value') ?? '');
}

/** Those that the node has, and the one that it gets. */
function taintsOf({ node }: Suspect, { nodes }: Pick<Scene, 'nodes'>, steps: readonly PlannedStep[]): unknown[] {
  const there = nodes.find(({ name }) => name === node);
  const ours = steps.filter((step) => step.kind === 'taint-node' && objectOf(step)?.uid === there?.uid);
  return [...arrayAt(there?.object, 'spec', 'taints'), ...ours.map(({ intended }) => intended)];
}

/**
 * Whether the DaemonSet of a suspect makes no other pod on its node, because of a taint: a cordon does not keep it from that, and a taint
 * that its pods do not tolerate does (kubernetes/kubernetes, pkg/controller/daemon, `NodeShouldRunDaemonPod`). Its pods that run stay.
 */
export function isKeptOut(suspect: Suspect, scene: Pick<Scene, 'nodes'>, steps: readonly PlannedStep[]): boolean {
  if (suspect.kind !== 'daemonset') return false;
  const tolerations = arrayAt(suspect.object, 'spec', 'tolerations');
  return taintsOf(suspect, scene, steps)
    .filter((taint) => stringAt(taint, 'effect') !== 'PreferNoSchedule')
    .some((taint) => !tolerations.some((toleration) => tolerates(toleration, taint)));
}
