import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { emptyCluster, emptyUser } from './kubeconfig-file.js';
import type { KubeEnvironment } from './resolved-connection.js';
import type { Selection } from './select-entries.js';

const SERVICE_ACCOUNT_DIRECTORY = '/var/run/secrets/kubernetes.io/serviceaccount';
const NAME = 'in-cluster';

/** The service account of the pod we run in; `null` outside of one. The token is read when it is needed, since the kubelet renews it. */
export function inClusterConfig(environment: KubeEnvironment, directory = SERVICE_ACCOUNT_DIRECTORY): Selection | null {
  const host = environment['KUBERNETES_SERVICE_HOST'] ?? '';
  const port = environment['KUBERNETES_SERVICE_PORT'] ?? '';
  const tokenFile = join(directory, 'token');
  if (host === '' || port === '' || !existsSync(tokenFile)) return null;
  const ca = join(directory, 'ca.crt');
  return {
    contextName: NAME,
    clusterName: NAME,
    userName: NAME,
    files: [],
    cluster: {
      ...emptyCluster(),
      'server': `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
      'certificate-authority': existsSync(ca) ? ca : '',
    },
    user: { ...emptyUser(), tokenFile },
  };
}
