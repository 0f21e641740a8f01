import type { ActuateAnswer } from './cluster-actuator.js';

export interface ContainerName {
  readonly node: string;
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}

export interface CheckpointOptions {
  /** For how long the kubelet may try. */
  readonly timeoutSeconds: number;
  readonly signal?: AbortSignal;
}

/** Asks a kubelet, through the API server's proxy, to write the state of a container to the node's disk. */
export interface ContainerCheckpointer {
  /**
   * Freezes the container for a moment. Asked once: `done` carries the kubelet's answer (`items`, paths on the node, untrusted);
   * `unknown` also where the kubelet says 500, since a runtime that failed may have left a file. Throws as `ClusterActuator`.
   */
  checkpoint(container: ContainerName, options: CheckpointOptions): Promise<ActuateAnswer>;
}
