import type { Detection } from '../detection.js';

export const impersonation: Detection = {
  id: 'D32',
  title: 'A request in the name of another',
  severity: 'high',
  techniques: ['T1134'],
  references: ['https://attack.mitre.org/techniques/T1134/'],
  triggers: [
    { verbs: ['get', 'list', 'create', 'update', 'patch', 'delete'], on: 'pods', needs: 'Metadata' },
    { verbs: ['get', 'list'], on: 'secrets', needs: 'Metadata' },
    {
      verbs: ['create', 'update', 'patch', 'delete'],
      on: 'clusterrolebindings.rbac.authorization.k8s.io',
      namespace: null,
      needs: 'Metadata',
    },
  ],
  besides: null,
};
