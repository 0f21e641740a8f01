import { objectOf, type PlannedStep } from '../../../model/action.js';
import type { Scene } from '../read-scene.js';
import type { Steps } from '../steps.js';
import type { Bystander } from './read-bystanders.js';

function cordonOf(node: string, { nodes }: Pick<Scene, 'nodes'>, steps: readonly PlannedStep[]): readonly number[] {
  const uid = nodes.find(({ name }) => name === node)?.uid;
  return steps.flatMap((step) => (step.kind === 'cordon-node' && objectOf(step)?.uid === uid ? [step.step] : []));
}

/** One eviction for each pod that may be moved; none before its node is closed, where it could come back to. */
export function shiftOthers(steps: Steps, scene: Pick<Scene, 'nodes'>, bystanders: readonly Bystander[]): void {
  for (const { namespace, name, uid, node, object, stays } of bystanders) {
    if (stays !== null) continue;
    steps.add({
      ...{ name: 'shift', kind: 'evict-pod', phase: 'contain', object },
      subject: { group: '', version: 'v1', resource: 'pods', namespace, name, uid },
      intended: { ending: true },
      needs: cordonOf(node, scene, steps.all),
    });
  }
}
