import type { SuspectSelector } from './suspect-selector.js';

/** What `--skip` takes, in the order in which they are done. */
export const STEP_NAMES = ['annotate-node', 'annotate-pod', 'cordon', 'taint', 'pin', 'deny-policy', 'detach'] as const;
export type StepName = (typeof STEP_NAMES)[number];

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
}
