import { connectTools } from '../../src/cluster/connect-tools.js';
import { systemClock, systemIds } from '../../src/lib/clock.js';
import type { CollectorPodSettings } from '../../src/model/collector-pod-settings.js';
import { collectorPodRung } from '../../src/node-access/collector-pod/collector-pod.js';
import type { ActionEffect, PlannedAction } from '../../src/ports/action-record.js';
import type { Clock } from '../../src/ports/clock.js';
import type { ClusterTools } from '../../src/ports/cluster-tools.js';
import type { NodeAccess, NodeAccessRung } from '../../src/ports/node-access.js';
import { kubectl, type Laboratory } from './laboratory.js';

/** The collector pod's rung over the real cluster, without a case: what it would write into the custody log is kept in `entries`. */
export interface PodWay {
  readonly rung: NodeAccessRung;
  readonly tools: ClusterTools;
  readonly caseToken: string;
  readonly entries: readonly (PlannedAction | ActionEffect)[];
  open(node: string): Promise<NodeAccess>;
  /** Closes everything; whatever is then left was left by the rung. */
  close(): Promise<void>;
}

export function collectorImage(laboratory: Laboratory): string {
  return laboratory.settings['LAB_COLLECTOR_IMAGE'] ?? process.env['LAB_COLLECTOR_IMAGE'] ?? '';
}

export async function openPodWay(
  laboratory: Laboratory,
  more: Partial<CollectorPodSettings> = {},
  clock: Clock = systemClock,
): Promise<PodWay> {
  const entries: (PlannedAction | ActionEffect)[] = [];
  const caseToken = systemIds.token(8);
  const tools = await connectTools(
    { globals: { kubeconfig: laboratory.kubeconfig }, variables: {} },
    {
      requestLog: { begin: () => 0, end: () => undefined },
      clock: systemClock,
      ids: systemIds,
      io: { emit: () => undefined, progress: () => undefined },
      userAgent: 'exhibit-lab',
    },
  );
  const rung = collectorPodRung({
    ...tools,
    clock,
    ids: systemIds,
    caseToken,
    rateBytesPerSecond: null,
    record: {
      action: (action) => Promise.resolve(void entries.push(action)),
      effect: (effect) => Promise.resolve(void entries.push(effect)),
    },
    settings: {
      image: collectorImage(laboratory),
      imagePresent: true,
      pullSecrets: [],
      namespace: 'exhibit-collector',
      deadlineSeconds: 600,
      ...more,
    },
  });
  return {
    rung,
    tools,
    caseToken,
    entries,
    open: async (name) => await rung.open({ name, uid: '', machineId: '', ready: true }, new AbortController().signal),
    close: async () => {
      await rung.close?.();
      await tools.close();
    },
  };
}

/** Everything in the cluster with the label of the case, as `kind/name`. */
export async function leftOf(laboratory: Laboratory, caseToken: string): Promise<string[]> {
  const label = `kubexhibit.dev/case=${caseToken}`;
  const out = await kubectl(laboratory, ['get', 'pods,namespaces', '--all-namespaces', '-l', label, '-o', 'name']);
  return out.split('\n').filter((line) => line !== '');
}
