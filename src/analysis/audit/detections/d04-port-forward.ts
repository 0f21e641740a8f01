import type { Detection } from '../detection.js';

export const portForward: Detection = {
  id: 'D04',
  title: 'A connection into a pod through the API server',
  severity: 'medium',
  techniques: ['T1572'],
  references: ['https://attack.mitre.org/techniques/T1572/'],
  triggers: [
    { verbs: ['get', 'create'], on: 'pods/portforward', needs: 'Metadata' },
    { verbs: ['get', 'create', 'update', 'patch', 'delete'], on: 'pods/proxy', needs: 'Metadata' },
    { verbs: ['get', 'create', 'update', 'patch', 'delete'], on: 'services/proxy', needs: 'Metadata' },
  ],
  besides: null,
};
