import { ExhibitError } from '../../model/errors.js';
import type { ClusterReader, ListEnd } from '../../ports/cluster-reader.js';

function noCluster(): Promise<never> {
  return Promise.reject(
    new ExhibitError('NO_CLUSTER', 'one machine or disk is read without a cluster; none is asked anything'),
  );
}

const NO_LIST: ListEnd = {
  complete: false,
  pages: 0,
  items: 0,
  attempts: 0,
  inconsistent: false,
  resourceVersion: '',
  reason: 'no-cluster',
  detail: 'no cluster is asked',
  status: null,
};

/** Stands where collectors expect a cluster when there is none: asks nobody, and says so. */
export const NO_CLUSTER: ClusterReader = {
  facts: {
    server: 'none',
    context: '',
    cluster: '',
    user: '',
    credential: 'none',
    proxy: null,
    tlsServerName: null,
    insecure: false,
    impersonated: null,
    kubeconfigFiles: [],
  },
  get: noCluster,
  stream: noCluster,
  list: () => Promise.resolve(NO_LIST),
  review: noCluster,
  close: () => Promise.resolve(),
};
