import type { KubeGlobals } from '../model/kube-globals.js';
import { resolveConnection } from './resolve-connection.js';
import type { KubeEnvironment, ResolvedConnection } from './resolved-connection.js';

export interface ConnectionTarget {
  readonly globals: KubeGlobals;
  readonly variables: KubeEnvironment;
}

const resolved = new WeakMap<ConnectionTarget, Promise<ResolvedConnection>>();

/**
 * As `resolveConnection`, once for each target object: whoever changes the current context while we run must not send what changes a
 * cluster to another one than what reads it. A failure is forgotten. Throws `KUBECONFIG_INVALID`.
 */
export async function resolveTarget(target: ConnectionTarget): Promise<ResolvedConnection> {
  const known = resolved.get(target);
  if (known !== undefined) return await known;
  const connection = resolveConnection(target.globals, target.variables);
  resolved.set(target, connection);
  connection.catch(() => resolved.delete(target));
  return await connection;
}
