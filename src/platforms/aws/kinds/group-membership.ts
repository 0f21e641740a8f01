import {
  AttachInstancesCommand,
  DetachInstancesCommand,
  EnterStandbyCommand,
  ExitStandbyCommand,
} from '@aws-sdk/client-auto-scaling';
import { setTimeout as delay } from 'node:timers/promises';
import type { CloudView } from '../../../model/cloud.js';
import { NO_INSTANCE } from '../describe-instance.js';
import { readMembership } from '../read-scaling.js';
import { type AwsAct, type AwsKind, type Changed, DONE, there } from './aws-kind.js';
import { liveInstance } from './live-instance.js';

type Membership = CloudView<'group-membership'>;

const STATES: Readonly<Record<string, Membership['state']>> = { InService: 'in-service', Standby: 'standby' };
const POLLS = 60;
const POLL_MS = 1000;

/**
 * In service, in standby or out of its scaling group. Coming back from either makes the group want one instance more, whether it wanted one
 * less before or not. On the way there are states in between, while balancers let connections end; a change waits a minute for their end.
 */
export const groupMembership: AwsKind<'group-membership'> = {
  gone: NO_INSTANCE,
  look: async (act, { group, decrementsDesired }) => {
    const member = await readMembership(act.calls, act.subject.instance);
    if (member !== null) {
      const state = STATES[member.LifecycleState ?? ''] ?? 'other';
      return there({ group: member.AutoScalingGroupName ?? '', state, decrementsDesired });
    }
    const live = await liveInstance(act);
    return 'gone' in live ? live.gone : there({ group, state: 'detached', decrementsDesired });
  },
  set: async (act, { from, view, dryRun }) => {
    if (from.group !== view.group)
      return { outcome: 'refused', detail: `the machine is in the group ${from.group} now, not in ${view.group}` };
    const send = callFor(act, from, view);
    if (send === null)
      return { outcome: 'refused', detail: `there is no way from ${from.state} to ${view.state} in a scaling group` };
    if (dryRun) return DONE;
    await send();
    return await settled(act, view);
  },
};

function callFor({ calls, subject }: AwsAct, from: Membership, view: Membership): (() => Promise<unknown>) | null {
  const { scalingOnce } = calls.clients;
  const member = { AutoScalingGroupName: view.group, InstanceIds: [subject.instance] };
  const less = { ...member, ShouldDecrementDesiredCapacity: view.decrementsDesired };
  if (view.state === 'standby' && from.state === 'in-service')
    return () => calls.change('autoscaling:EnterStandby', () => scalingOnce.send(new EnterStandbyCommand(less)));
  if (view.state === 'detached' && (from.state === 'in-service' || from.state === 'standby'))
    return () => calls.change('autoscaling:DetachInstances', () => scalingOnce.send(new DetachInstancesCommand(less)));
  if (view.state === 'in-service' && from.state === 'standby')
    return () => calls.change('autoscaling:ExitStandby', () => scalingOnce.send(new ExitStandbyCommand(member)));
  if (view.state === 'in-service' && from.state === 'detached')
    return () =>
      calls.change('autoscaling:AttachInstances', () => scalingOnce.send(new AttachInstancesCommand(member)));
  return null;
}

async function settled({ calls, subject }: AwsAct, { state }: Membership): Promise<Changed> {
  let lately = '';
  for (let poll = 0; poll < POLLS; poll += 1) {
    const member = await readMembership(calls, subject.instance);
    lately = member?.LifecycleState ?? 'Detached';
    if ((member === null ? 'detached' : STATES[lately]) === state) return DONE;
    await delay(POLL_MS);
  }
  return { outcome: 'unsettled', detail: `after ${String(POLLS)} s the machine is still ${lately}` };
}
