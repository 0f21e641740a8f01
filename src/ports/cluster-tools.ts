import type { ClusterActuator } from './cluster-actuator.js';
import type { ClusterExec } from './cluster-exec.js';
import type { ContainerCheckpointer } from './container-checkpointer.js';
import type { ClusterReader } from './cluster-reader.js';

/** Everything that can be done with one cluster, with the same credentials and the same request log. */
export interface ClusterTools {
  readonly reader: ClusterReader;
  readonly exec: ClusterExec;
  readonly actuator: ClusterActuator & ContainerCheckpointer;
  /** Ends what is under way and closes the connections. */
  close(): Promise<void>;
}
