import type { ClusterTools } from '../ports/cluster-tools.js';
import { connectActuator } from './connect-actuator.js';
import { connectCluster, type ConnectDeps } from './connect.js';
import { connectExec } from './connect-exec.js';
import { type ConnectionTarget, resolveTarget } from './resolve-target.js';

/** Connects to a cluster for more than reading. Throws `KUBECONFIG_INVALID`; no connection is opened before the first call. */
export async function connectTools(target: ConnectionTarget, deps: ConnectDeps): Promise<ClusterTools> {
  const connection = await resolveTarget(target);
  const reader = connectCluster(connection, deps);
  const exec = connectExec(connection, deps);
  const actuator = connectActuator(connection, deps);
  return {
    reader,
    exec,
    actuator,
    close: async () => {
      exec.close();
      actuator.close();
      await reader.close();
    },
  };
}
