import { ResumeProcessesCommand, SuspendProcessesCommand } from '@aws-sdk/client-auto-scaling';
import { suspendedOf } from '../ending-processes.js';
import { readScalingGroup } from '../read-scaling.js';
import { type AwsKind, DONE, there } from './aws-kind.js';

/** A call that names no process means all of them, and is never sent. */
export const scalingProcesses: AwsKind<'scaling-processes'> = {
  // A group that is not there is left out of the answer.
  gone: /^(?!)/,
  look: async ({ calls, subject }) => {
    const group = await readScalingGroup(calls, subject.id);
    if (group === null) return { state: 'gone', detail: `there is no scaling group ${subject.id}` };
    return there({ group: subject.id, suspended: suspendedOf(group) });
  },
  set: async ({ calls, subject }, { from, view, dryRun }) => {
    if (dryRun) return DONE;
    const { scalingOnce } = calls.clients;
    const named = (processes: readonly string[]) => ({
      AutoScalingGroupName: subject.id,
      ScalingProcesses: [...processes],
    });
    const less = from.suspended.filter((name) => !view.suspended.includes(name));
    if (view.suspended.some((name) => !from.suspended.includes(name)))
      await calls.change(
        'autoscaling:SuspendProcesses',
        () => scalingOnce.send(new SuspendProcessesCommand(named(view.suspended))),
        { idempotent: true },
      );
    if (less.length > 0)
      await calls.change(
        'autoscaling:ResumeProcesses',
        () => scalingOnce.send(new ResumeProcessesCommand(named(less))),
        { idempotent: true },
      );
    return DONE;
  },
};
