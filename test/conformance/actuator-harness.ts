import { connectActuator } from '../../src/cluster/connect-actuator.js';
import { resolveConnection } from '../../src/cluster/resolve-connection.js';
import { systemClock, systemIds } from '../../src/lib/clock.js';
import type { KubeGlobals } from '../../src/model/kube-globals.js';
import type { ActuateAnswer, ClusterActuator, ObjectRef } from '../../src/ports/cluster-actuator.js';
import type { ContainerCheckpointer } from '../../src/ports/container-checkpointer.js';
import { memoryLog, type LoggedCall } from './cluster-reader-harness.js';

export interface ActuatorUnderTest {
  readonly actuator: ClusterActuator & ContainerCheckpointer;
  readonly calls: readonly LoggedCall[];
  /** Delays that were asked for; they are not waited for. */
  readonly pauses: readonly number[];
}

export async function openActuator(kubeconfig: string, globals: Partial<KubeGlobals> = {}): Promise<ActuatorUnderTest> {
  const connection = await resolveConnection({ kubeconfig, ...globals }, {});
  const calls: LoggedCall[] = [];
  const pauses: number[] = [];
  const actuator = connectActuator(connection, {
    requestLog: memoryLog(calls),
    clock: systemClock,
    ids: systemIds,
    io: { emit: () => undefined, progress: () => undefined },
    userAgent: 'conformance',
    pause: async (delayMs) => {
      pauses.push(delayMs);
      await Promise.resolve();
    },
  });
  return { actuator, calls, pauses };
}

export function configMap(name: string, namespace = 'default'): ObjectRef {
  return { group: '', version: 'v1', resource: 'configmaps', namespace, name };
}

export function pod(name: string, namespace = 'default'): ObjectRef {
  return { group: '', version: 'v1', resource: 'pods', namespace, name };
}

interface Metadata {
  readonly uid: string;
  readonly resourceVersion: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly managedFields?: readonly { readonly manager: string }[];
}

/** The metadata of the object in an answer that says `done`. */
export function metadataOf(answer: ActuateAnswer): Metadata {
  if (answer.outcome !== 'done') throw new Error(JSON.stringify(answer));
  return (answer.object as { readonly metadata: Metadata }).metadata;
}

/** Rules of somebody who may do everything. */
export const EVERYTHING = {
  resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
  nonResourceRules: [],
};
