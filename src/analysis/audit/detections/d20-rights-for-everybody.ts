import type { Detection } from '../detection.js';

export const rightsForEverybody: Detection = {
  id: 'D20',
  title: 'Rights given to everybody',
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
