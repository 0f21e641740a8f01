import { loadKubeconfig } from './kubeconfig-merge.js';
import type { KubeGlobals } from '../model/kube-globals.js';
import type { KubeEnvironment } from './resolved-connection.js';

/** Names of the contexts, sorted; untrusted. Throws `KUBECONFIG_INVALID`. */
export async function listContexts(
  globals: Pick<KubeGlobals, 'kubeconfig'>,
  environment: KubeEnvironment,
): Promise<string[]> {
  const kubeconfig = await loadKubeconfig(globals.kubeconfig, environment);
  return [...kubeconfig.contexts.keys()].sort();
}
