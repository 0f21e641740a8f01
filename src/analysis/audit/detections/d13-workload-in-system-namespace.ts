import type { Detection } from '../detection.js';

export const workloadInSystemNamespace: Detection = {
  id: 'D13',
  title: 'A workload made in a namespace of the system',
  severity: 'high',
  techniques: ['T1036.005'],
  references: ['https://attack.mitre.org/techniques/T1036/005/'],
  triggers: [
    { verbs: ['create'], on: 'pods', namespace: 'kube-system', needs: 'Metadata' },
    { verbs: ['create'], on: 'deployments.apps', namespace: 'kube-system', needs: 'Metadata' },
    { verbs: ['create'], on: 'daemonsets.apps', namespace: 'kube-system', needs: 'Metadata' },
    { verbs: ['create'], on: 'jobs.batch', namespace: 'kube-system', needs: 'Metadata' },
    { verbs: ['create'], on: 'cronjobs.batch', namespace: 'kube-system', needs: 'Metadata' },
    { verbs: ['create'], on: 'pods', namespace: 'kube-public', needs: 'Metadata' },
    { verbs: ['create'], on: 'deployments.apps', namespace: 'kube-public', needs: 'Metadata' },
    { verbs: ['create'], on: 'daemonsets.apps', namespace: 'kube-public', needs: 'Metadata' },
    { verbs: ['create'], on: 'jobs.batch', namespace: 'kube-public', needs: 'Metadata' },
    { verbs: ['create'], on: 'cronjobs.batch', namespace: 'kube-public', needs: 'Metadata' },
    { verbs: ['create'], on: 'pods', namespace: 'kube-node-lease', needs: 'Metadata' },
    { verbs: ['create'], on: 'deployments.apps', namespace: 'kube-node-lease', needs: 'Metadata' },
    { verbs: ['create'], on: 'daemonsets.apps', namespace: 'kube-node-lease', needs: 'Metadata' },
    { verbs: ['create'], on: 'jobs.batch', namespace: 'kube-node-lease', needs: 'Metadata' },
    { verbs: ['create'], on: 'cronjobs.batch', namespace: 'kube-node-lease', needs: 'Metadata' },
  ],
  besides: null,
};
