import type { PlannedStep } from '../../model/action.js';
import { quarantineGroup } from '../../plan/actions/quarantine-group.js';
import { scalingProcesses } from '../../plan/actions/scaling-processes.js';
import type { CloudInstance } from '../../ports/platform.js';
import type { Foresight } from './foresee.js';
import type { Machine } from './machines.js';
import { wantsLess } from './plan-machine.js';
import type { QuarantineRequest } from './quarantine-request.js';

type Steps = readonly PlannedStep[];

function has(steps: Steps, { id }: CloudInstance, name: PlannedStep['name']): boolean {
  return steps.some((step) => step.name === name && 'cloud' in step.subject && step.subject.instance === id);
}

function isSuspended(steps: Steps, { scaling, account, region }: CloudInstance): boolean {
  return steps.some(
    ({ kind, subject }) =>
      kind === 'scaling-processes' &&
      'cloud' in subject &&
      [subject.account, subject.region, subject.id].join(' ') === [account, region, scaling?.group].join(' '),
  );
}

/** Of the whole group; said once for all its machines that are meant. */
function suspensions(steps: Steps): readonly string[] {
  return steps.flatMap(({ kind, before, intended }) => {
    if (kind !== 'scaling-processes') return [];
    const { group, suspended } = scalingProcesses.view.parse(intended);
    const already = scalingProcesses.view.parse(before).suspended;
    const ours = suspended.filter((name) => !already.includes(name)).join(', ');
    return [
      `scaling group ${group} as a whole ends and replaces none of its machines until the release: ${ours} are suspended`,
    ];
  });
}

function groupEffects(node: string, { scaling, balancers }: CloudInstance): readonly string[] {
  if (scaling === null) return [];
  const { group, desired } = scaling;
  const what = wantsLess(scaling)
    ? `wants ${String(desired - 1)} machines instead of ${String(desired)}, and starts no other one`
    : `is at its minimum of ${String(scaling.min)} and starts another machine in its place`;
  const named = balancers.length === 0 ? [] : [`node ${node} gets no new connections from ${balancers.join(', ')}`];
  return [`scaling group ${group} ${what}`, ...named];
}

function sideEffectsOf(node: string, instance: CloudInstance, steps: Steps): readonly string[] {
  const left = steps.flatMap(({ name, subject }) =>
    name === 'leave-balancer' && 'cloud' in subject && subject.instance === instance.id ? [subject.id] : [],
  );
  const standby = [
    ...(has(steps, instance, 'standby') ? groupEffects(node, instance) : []),
    ...(left.length === 0 ? [] : [`node ${node} is taken out of ${left.join(', ')}`]),
  ];
  const severed = has(steps, instance, 'metadata-service');
  const taken = has(steps, instance, 'interface-groups');
  if (!taken) return standby;
  const kept = severed
    ? `node ${node} is lost to its cluster: pods that are not pinned are deleted after some minutes, and nothing more can be collected from it`
    : `every pod of node ${node} loses its network, but for what keeps the node in its cluster`;
  return [...standby, kept];
}

/** Whoever has put a machine into a balancer by itself may do so again. */
function controllersOf(node: string, { id }: CloudInstance, steps: Steps): readonly string[] {
  const left = steps.some(
    ({ kind, subject }) => kind === 'balancer-targets' && 'cloud' in subject && subject.instance === id,
  );
  return left ? [`node ${node}: a controller of load balancers may register it again`] : [];
}

function protection(node: string, instance: CloudInstance, steps: Steps): readonly string[] {
  const { isSpot, instanceStores, scaling, managedBy, gaps } = instance;
  const inGroup = scaling !== null && !has(steps, instance, 'standby') && !isSuspended(steps, instance);
  return [
    ...(isSpot ? [`node ${node} is a spot machine: its cloud may end it at any time`] : []),
    ...(instanceStores === 0
      ? []
      : [`node ${node} has ${String(instanceStores)} disks in the machine itself, which are lost when it stops`]),
    ...(inGroup
      ? [
          `scaling group ${scaling.group} ends node ${node} when it finds it unhealthy (--suspend-scaling keeps the whole group from that)`,
        ]
      : []),
    ...controllersOf(node, instance, steps),
    ...(managedBy === 'managed-node-group'
      ? [`node ${node} is of a managed node group: an update of the group replaces it`]
      : []),
    ...(managedBy === 'karpenter' ? [`node ${node} is of Karpenter: it may end it when it expires`] : []),
    ...gaps.map((gap) => `node ${node}: ${gap}`),
  ];
}

function network(node: string, instance: CloudInstance, steps: Steps): readonly string[] {
  if (!has(steps, instance, 'interface-groups')) return [`node ${node}: the network of the machine is as before`];
  const open = `node ${node}: connections that the machine has open are tracked and go on until they end`;
  const { ingress, egress } = keptBy(steps, instance);
  if (ingress.length + egress.length === 0) return [open];
  const rules = [...ingress.map((rule) => `in ${rule}`), ...egress.map((rule) => `out ${rule}`)];
  return [open, `node ${node} may still be reached or reach: ${rules.join(', ')}`];
}

/** The rules of the group that the plan puts on its interfaces. */
function keptBy(steps: Steps, { interfaces }: CloudInstance) {
  const rules = { ingress: [] as string[], egress: [] as string[] };
  const vpcs = new Set(interfaces.map(({ vpc }) => vpc));
  for (const { kind, intended } of steps) {
    if (kind !== 'quarantine-group') continue;
    const group = quarantineGroup.view.parse(intended);
    if (group === null || !vpcs.has(group.vpc)) continue;
    rules.ingress.push(...group.ingress);
    rules.egress.push(...group.egress);
  }
  return rules;
}

function rights(node: string, instance: CloudInstance, steps: Steps): readonly string[] {
  if (instance.roleName === null) return [];
  const denied = has(steps, instance, 'deny-sessions');
  return denied ? [] : [`node ${node}: credentials of the role ${instance.roleName} are valid as before`];
}

/** What follows for the machines, and what is not achieved. Names in it are untrusted. */
export function foreseeMachines(
  machines: readonly Machine[],
  steps: Steps,
  { cloud = null }: Pick<QuarantineRequest, 'cloud'>,
): Foresight {
  const foresight = { sideEffects: [...suspensions(steps)], notAchieved: [] as string[] };
  for (const { node, instance, why } of machines) {
    if (instance === null) {
      foresight.notAchieved.push(`node ${node}: nothing was done to its machine: ${why}`);
      continue;
    }
    foresight.sideEffects.push(...sideEffectsOf(node, instance, steps));
    for (const said of [protection, network, rights]) foresight.notAchieved.push(...said(node, instance, steps));
  }
  if (cloud === null) foresight.notAchieved.push('no cloud was given: the machines of the nodes are as before');
  return foresight;
}
