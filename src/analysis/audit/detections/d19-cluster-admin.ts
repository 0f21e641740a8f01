import type { Detection } from '../detection.js';

export const clusterAdmin: Detection = {
  id: 'D19',
  title: 'The rights of a cluster administrator given away',
  severity: 'critical',
  techniques: ['T1098.006'],
  references: ['https://attack.mitre.org/techniques/T1098/006/'],
  triggers: [
    { verbs: ['create', 'update', 'patch'], on: 'rolebindings.rbac.authorization.k8s.io', needs: 'Request' },
    {
      verbs: ['create', 'update', 'patch'],
      on: 'clusterrolebindings.rbac.authorization.k8s.io',
      namespace: null,
      needs: 'Request',
    },
  ],
  besides: null,
};
