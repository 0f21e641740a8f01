import type { Detection } from '../detection.js';

export const aggregatedRole: Detection = {
  id: 'D23',
  title: 'A role that adds itself to others by a label',
  severity: 'high',
  techniques: ['T1098.006'],
  references: ['https://attack.mitre.org/techniques/T1098/006/'],
  triggers: [
    {
      verbs: ['create', 'update', 'patch'],
      on: 'clusterroles.rbac.authorization.k8s.io',
      namespace: null,
      needs: 'Request',
    },
  ],
  besides: null,
};
