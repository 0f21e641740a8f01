import { isCloudStep, type PlannedStep } from '../../model/action.js';
import type { CloudRight, Platform } from '../../ports/platform.js';
import type { Machine } from './machines.js';

/** Whether each change to a machine, and taking it back, is allowed. Throws as the port. */
export async function machineRights(
  { steps, machines }: { readonly steps: readonly PlannedStep[]; readonly machines: readonly Machine[] },
  platform: Platform | null,
): Promise<readonly CloudRight[]> {
  if (platform === null) return [];
  const rights = new Map<string, CloudRight>();
  for (const { instance } of machines) {
    if (instance === null) continue;
    const own = steps.filter(isCloudStep).filter(({ subject }) => subject.instance === instance.id);
    const kinds = [...new Set(own.map(({ kind }) => kind))];
    if (kinds.length === 0) continue;
    for (const right of await platform.rights(instance, kinds)) {
      // What is missing of one machine is missing of the plan.
      if (rights.get(right.action)?.allowed !== false) rights.set(right.action, right);
    }
  }
  return [...rights.values()];
}
