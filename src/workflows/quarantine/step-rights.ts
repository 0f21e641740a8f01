import { isCloudStep, type PlannedStep } from '../../model/action.js';
import { actionKindOf } from '../../plan/action-kinds.js';
import type { NeededRight } from '../needed-rights.js';

const WHY = 'To make a change of the plan, read it back, and take it back.';

/** What doing and undoing the steps of the cluster needs: nobody begins what they could not take back. */
export function rightsOf(steps: readonly PlannedStep[]): readonly NeededRight[] {
  const rights = new Map<string, NeededRight>();
  for (const step of steps) {
    if (isCloudStep(step)) continue;
    const kind = actionKindOf(step.kind);
    const { group: apiGroup, resource: onItself, namespace } = step.subject;
    const beside = kind.makes ? [] : (kind.doingBeside ?? []);
    const needed = [
      ...[...new Set([...kind.doing, ...kind.undoing])].map((verb) => ({ verb, resource: onItself })),
      ...beside.map(({ verb, subresource }) => ({ verb, resource: `${onItself}/${subresource}` })),
    ];
    for (const { verb, resource } of needed) {
      const key = `${verb} ${apiGroup}/${resource}`;
      const namespaces = rights.get(key)?.namespaces ?? new Set<string>();
      namespaces.add(namespace ?? '');
      rights.set(key, { verb, apiGroup, resource, nonResourceUrl: '', why: WHY, namespaces });
    }
  }
  return [...rights.values()];
}
