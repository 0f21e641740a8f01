import type { Detection } from '../detection.js';

export const rightsByAWorkload: Detection = {
  id: 'D24',
  title: 'A service account that writes roles or bindings',
  severity: 'high',
  techniques: ['T1098.006'],
  references: ['https://attack.mitre.org/techniques/T1098/006/'],
  triggers: [
    {
      who: ['workload'],
      verbs: ['create', 'update', 'patch', 'delete'],
      on: 'rolebindings.rbac.authorization.k8s.io',
      needs: 'Metadata',
    },
    {
      who: ['workload'],
      verbs: ['create', 'update', 'patch', 'delete'],
      on: 'clusterrolebindings.rbac.authorization.k8s.io',
      namespace: null,
      needs: 'Metadata',
    },
    {
      who: ['workload'],
      verbs: ['create', 'update', 'patch', 'delete'],
      on: 'roles.rbac.authorization.k8s.io',
      needs: 'Metadata',
    },
    {
      who: ['workload'],
      verbs: ['create', 'update', 'patch', 'delete'],
      on: 'clusterroles.rbac.authorization.k8s.io',
      namespace: null,
      needs: 'Metadata',
    },
  ],
  besides: null,
};
