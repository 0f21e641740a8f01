import type { Detection } from '../detection.js';

export const nodeProxy: Detection = {
  id: 'D05',
  title: 'A request to a kubelet through the API server',
  severity: 'high',
  techniques: ['T1609'],
  references: ['kubernetes/kubernetes#136550', 'https://attack.mitre.org/techniques/T1609/'],
  triggers: [
    { verbs: ['get', 'create', 'update', 'patch', 'delete'], on: 'nodes/proxy', namespace: null, needs: 'Metadata' },
  ],
  besides: null,
};
