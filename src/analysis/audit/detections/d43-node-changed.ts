import type { Detection } from '../detection.js';

export const nodeChanged: Detection = {
  id: 'D43',
  title: 'A node that joins, is changed or deleted',
  severity: 'medium',
  techniques: ['T1078'],
  references: ['https://attack.mitre.org/techniques/T1078/'],
  triggers: [
    { verbs: ['create', 'update', 'patch', 'delete'], on: 'nodes', namespace: null, needs: 'Metadata' },
    { verbs: ['create'], on: 'pods/eviction', needs: 'Metadata' },
  ],
  besides: null,
};
