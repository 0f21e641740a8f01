import type { Detection } from '../detection.js';

export const dangerousRole: Detection = {
  id: 'D21',
  title: 'A role that leads to all other rights',
  severity: 'high',
  techniques: ['T1098.006'],
  references: ['https://attack.mitre.org/techniques/T1098/006/'],
  triggers: [
    { verbs: ['create', 'update', 'patch'], on: 'roles.rbac.authorization.k8s.io', needs: 'Request' },
    {
      verbs: ['create', 'update', 'patch'],
      on: 'clusterroles.rbac.authorization.k8s.io',
      namespace: null,
      needs: 'Request',
    },
  ],
  besides: null,
};
