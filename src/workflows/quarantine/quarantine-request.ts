import type { Level } from '../../model/action.js';
import type { CloudName } from '../../model/cloud.js';
import type { SuspectSelector } from './suspect-selector.js';

/** What `--skip` takes, in the order in which they are done. */
export const STEP_NAMES = [
  ...(['termination-protection', 'shutdown-behaviour', 'keep-volume', 'scale-in-protection'] as const),
  'suspend-processes',
  ...(['annotate-node', 'annotate-pod', 'cordon', 'taint', 'pin', 'deny-policy', 'detach', 'shift'] as const),
  ...(['leave-balancer', 'standby', 'quarantine-group', 'interface-groups'] as const),
  ...(['metadata-service', 'instance-profile', 'deny-sessions'] as const),
] as const;
export type StepName = (typeof STEP_NAMES)[number];

export const ORDERS = ['preserve-first', 'contain-first'] as const;
export type Order = (typeof ORDERS)[number];

export interface QuarantineRequest {
  /** Names of nodes, or `NAMESPACE/NAME` of pods; pods may also be chosen by `suspects` alone. */
  readonly target: 'node' | 'pod';
  readonly names: readonly string[];
  /** Of a node: among its pods. Of pods: besides those that are named. */
  readonly suspects: readonly SuspectSelector[];
  readonly skip: readonly StepName[];
  readonly maxNodes: number;
  /** Nodes that are held although they are of the control plane, or the one that this program runs on. */
  readonly allowedNodes: readonly string[];
  /** Default `hold`. */
  readonly level?: Level;
  /** The cloud that the machines of the nodes are of; left out = it is left alone. */
  readonly cloud?: CloudName | null;
  /** `preserve-first`, the default: what keeps evidence comes before what takes something away from the suspects. `sever` is always last. */
  readonly order?: Order;
  /** Networks in CIDR notation that an isolated node may still be reached from and reach; empty = those of its own network. */
  readonly keepReachable?: readonly string[];
  /** Keeps the scaling groups of the machines, each as a whole, from ending or replacing any machine; default false. */
  readonly suspendScaling?: boolean;
  /** Nodes that are severed although what vanishes with that was not collected. */
  readonly loseVolatile?: readonly string[];
  /** Pods of the nodes that are no suspects are evicted, as far as nothing is lost with them; default no. */
  readonly shiftOthers?: boolean;
}
