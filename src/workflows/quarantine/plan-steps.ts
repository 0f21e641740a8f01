import type { PlannedStep } from '../../model/action.js';
import { policyNameOf } from '../../plan/quarantine-names.js';
import type { CloudInstance } from '../../ports/platform.js';
import type { Machine } from './machines.js';
import { type GroupRules, keptRules, NO_RULES, QuarantineGroups } from './plan-interfaces.js';
import { leaveBalancers, leaveGroup, protectMachine, severRights, suspendGroups } from './plan-machine.js';
import { containObjects, type PlanNames, protectObjects } from './plan-objects.js';
import type { QuarantineRequest } from './quarantine-request.js';
import type { Scene } from './read-scene.js';
import { shiftOthers } from './shift/plan-shift.js';
import type { Bystander } from './shift/read-bystanders.js';
import { Steps } from './steps.js';

export interface StepNames extends PlanNames {
  /** RFC 3339 UTC: sessions of a severed machine that were opened before it are denied. */
  readonly deniedBefore: string;
}

type Asked = Pick<QuarantineRequest, 'skip' | 'target' | 'level' | 'order' | 'keepReachable' | 'suspendScaling'>;

interface Planning {
  readonly request: Asked;
  readonly steps: Steps;
  readonly scene: Scene;
  readonly instances: readonly CloudInstance[];
  readonly bystanders: readonly Bystander[];
  readonly names: StepNames;
}

/** Networks that the machine is in, as the cloud says. */
export function ownNetworks({ interfaces }: CloudInstance): readonly string[] {
  return [...new Set(interfaces.flatMap(({ vpcNetworks = [] }) => vpcNetworks))].sort();
}

function protect({ steps, scene, instances, names, request: { target, suspendScaling = false } }: Planning): void {
  for (const instance of instances) protectMachine(steps, instance);
  if (suspendScaling) suspendGroups(steps, instances);
  protectObjects(steps, scene, { target, caseToken: names.caseToken });
}

function takeNetwork({ steps, instances, names }: Planning, rules: GroupRules): void {
  const groups = new QuarantineGroups(steps, policyNameOf(names.caseToken, names.plan), rules);
  for (const instance of instances) {
    leaveBalancers(steps, instance);
    const left = leaveGroup(steps, instance);
    for (const one of instance.interfaces) groups.put(instance, one, left === null ? [] : [left]);
  }
}

function contain({ steps, scene, names }: Planning): void {
  containObjects(steps, scene, names);
}

function shift({ steps, scene, bystanders }: Planning): void {
  shiftOthers(steps, scene, bystanders);
}

function isolate(planning: Planning): void {
  const { instances, request } = planning;
  if (request.level !== 'isolate') return;
  const own = [...new Set(instances.flatMap(ownNetworks))].sort();
  takeNetwork(planning, keptRules(own, request.keepReachable ?? []));
}

function sever(planning: Planning): void {
  const { steps, instances, names, request } = planning;
  if (request.level !== 'sever') return;
  takeNetwork(planning, NO_RULES);
  const { deniedBefore, caseToken, plan } = names;
  for (const instance of instances)
    severRights(steps, instance, { deniedBefore, policyName: policyNameOf(caseToken, plan) });
}

interface Planned {
  readonly scene: Scene;
  readonly machines: readonly Machine[];
  /** Pods of the nodes that are no suspects, where they are to be moved; left out = none is. */
  readonly bystanders?: readonly Bystander[];
}

/**
 * All steps of a containment in the order in which they are done. `preserve-first`: what keeps evidence from being destroyed, then what
 * takes something away; others leave a node before it loses its network. No suspect is restarted or evicted.
 */
export function planSteps(
  request: Asked,
  { scene, machines, bystanders = [] }: Planned,
  names: StepNames,
): readonly PlannedStep[] {
  const steps = new Steps(request.skip);
  const instances = machines.flatMap(({ instance }) => instance ?? []);
  const planning: Planning = { request, steps, scene, instances, bystanders, names };
  const first =
    request.order === 'contain-first' ? [contain, isolate, protect, shift] : [protect, contain, shift, isolate];
  const parts = [...first, sever];
  for (const part of parts) part(planning);
  return steps.all;
}
