import type { AutoScalingGroup } from '@aws-sdk/client-auto-scaling';

/** Processes of a scaling group in which it ends a machine or puts another in its place; sorted. Those that start machines go on. */
export const ENDING_PROCESSES = [
  ...(['AZRebalance', 'AlarmNotification', 'InstanceRefresh', 'ReplaceUnhealthy', 'ScheduledActions'] as const),
  'Terminate',
] as const;

/** Which of them are suspended, by whomever; sorted. */
export function suspendedOf({ SuspendedProcesses: suspended = [] }: AutoScalingGroup): string[] {
  const names = new Set(suspended.map(({ ProcessName: name }) => name));
  return ENDING_PROCESSES.filter((name) => names.has(name));
}
