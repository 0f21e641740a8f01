import type { Detection } from '../detection.js';

export const systemRoleChanged: Detection = {
  id: 'D22',
  title: 'A role of the system changed or deleted',
  severity: 'high',
  techniques: ['T1098'],
  references: ['https://attack.mitre.org/techniques/T1098/'],
  triggers: [
    {
      verbs: ['update', 'patch', 'delete'],
      on: 'roles.rbac.authorization.k8s.io',
      namespace: 'kube-system',
      name: 'system:controller:token-cleaner',
      needs: 'Metadata',
    },
    {
      verbs: ['update', 'patch', 'delete'],
      on: 'clusterroles.rbac.authorization.k8s.io',
      namespace: null,
      name: 'system:node',
      needs: 'Metadata',
    },
  ],
  besides: null,
};
