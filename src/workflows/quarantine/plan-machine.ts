import type { CloudSubject } from '../../model/cloud.js';
import type { CloudInstance } from '../../ports/platform.js';
import type { Steps } from './steps.js';

type Type = CloudSubject['type'];

/** A thing of the machine, or the machine itself. */
export function subjectOf({ cloud, account, region, id }: CloudInstance, type: Type, itsId: string): CloudSubject {
  return { cloud, account, region, type, id: itsId, instance: id };
}

function keepVolumes(steps: Steps, instance: CloudInstance): void {
  for (const { deviceName, id: volumeId, deleteOnTermination } of instance.volumes)
    steps.addCloud({
      ...{ name: 'keep-volume', kind: 'keep-volume', phase: 'protect' },
      subject: subjectOf(instance, 'instance', instance.id),
      before: { deviceName, volumeId, deleteOnTermination },
      intended: { deviceName, volumeId, deleteOnTermination: false },
    });
}

/** What keeps a machine and its disks from being destroyed. What could not be read is no step: it is among the gaps of the machine. */
export function protectMachine(steps: Steps, instance: CloudInstance): void {
  const { terminationProtection, onShutdown, scaling } = instance;
  const of = { phase: 'protect', subject: subjectOf(instance, 'instance', instance.id) } as const;
  if (terminationProtection !== null)
    steps.addCloud({
      ...{ ...of, name: 'termination-protection', kind: 'termination-protection' },
      ...{ before: { isProtected: terminationProtection }, intended: { isProtected: true } },
    });
  if (onShutdown !== null)
    steps.addCloud({
      ...{ ...of, name: 'shutdown-behaviour', kind: 'shutdown-behaviour' },
      ...{ before: { onShutdown }, intended: { onShutdown: 'stop' } },
    });
  keepVolumes(steps, instance);
  if (scaling === null) return;
  const { group, isProtected } = scaling;
  steps.addCloud({
    ...{ name: 'scale-in-protection', kind: 'scale-in-protection', phase: 'protect' },
    subject: subjectOf(instance, 'scaling-group-member', group),
    ...{ before: { group, isProtected }, intended: { group, isProtected: true } },
  });
}

/** Each scaling group once, however many machines of it are meant: it stops as a whole. */
export function suspendGroups(steps: Steps, instances: readonly CloudInstance[]): void {
  const seen = new Set<string>();
  for (const instance of instances) {
    const { group = '', endings } = instance.scaling ?? {};
    const key = [instance.account, instance.region, group].join(' ');
    if (endings === undefined || seen.has(key)) continue;
    seen.add(key);
    steps.addCloud({
      ...{ name: 'suspend-processes', kind: 'scaling-processes', phase: 'protect' },
      subject: subjectOf(instance, 'scaling-group', group),
      before: { group, suspended: [...endings.suspended] },
      intended: { group, suspended: [...endings.all] },
    });
  }
}

/** Out of every load balancer that no scaling group put it into: traffic to a machine without a network is lost. */
export function leaveBalancers(steps: Steps, instance: CloudInstance): void {
  for (const one of instance.registrations ?? []) {
    const of = { name: 'leave-balancer', phase: 'contain' } as const;
    const subject = subjectOf(instance, one.type, one.id);
    if (one.type === 'classic-balancer') {
      const kind = 'classic-balancer';
      steps.addCloud({ ...of, kind, subject, before: { isRegistered: true }, intended: { isRegistered: false } });
      continue;
    }
    const ids = [...one.ids];
    steps.addCloud({
      ...{ ...of, kind: 'balancer-targets', subject },
      ...{ before: { ids, targets: [...one.targets] }, intended: { ids, targets: [] } },
    });
  }
}

/** Whether the group has room to want one instance less: it then starts no other one, and undoing brings back what was. */
export function wantsLess({ desired, min }: { readonly desired: number; readonly min: number }): boolean {
  return desired > min;
}

/** Out of its group before its network goes: a group that finds its member unhealthy ends it. The number of the step; `null` = none. */
export function leaveGroup(steps: Steps, instance: CloudInstance): number | null {
  const { scaling } = instance;
  if (scaling?.lifecycle !== 'InService') return null;
  const { group } = scaling;
  const decrementsDesired = wantsLess(scaling);
  return steps.addCloud({
    ...{ name: 'standby', kind: 'group-membership', phase: 'contain' },
    subject: subjectOf(instance, 'scaling-group-member', group),
    before: { group, state: 'in-service', decrementsDesired },
    intended: { group, state: 'standby', decrementsDesired },
  });
}

/** Takes away what the machine may do in its cloud: first the door to new credentials, then those that were handed out. */
export function severRights(steps: Steps, instance: CloudInstance, { deniedBefore, policyName }: Denial): void {
  const { metadataService, profileArn, roleName } = instance;
  const of = { phase: 'contain', subject: subjectOf(instance, 'instance', instance.id) } as const;
  steps.addCloud({
    ...{ ...of, name: 'metadata-service', kind: 'metadata-service' },
    ...{ before: metadataService, intended: { ...metadataService, isEnabled: false } },
  });
  steps.addCloud({
    ...{ ...of, name: 'instance-profile', kind: 'instance-profile' },
    ...{ before: { profileArn }, intended: { profileArn: null } },
  });
  if (roleName === null) return;
  steps.addCloud({
    ...{ name: 'deny-sessions', kind: 'deny-sessions', phase: 'contain' },
    subject: subjectOf(instance, 'role', roleName),
    before: null,
    intended: { policyName: `${policyName}-${instance.id}`, instance: instance.arn, issuedBeforeAt: deniedBefore },
  });
}

export interface Denial {
  /** RFC 3339 UTC: after the last of the steps, so that no session that is opened meanwhile is left. */
  readonly deniedBefore: string;
  readonly policyName: string;
}
