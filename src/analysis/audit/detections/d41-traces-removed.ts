import type { Detection } from '../detection.js';

export const tracesRemoved: Detection = {
  id: 'D41',
  title: 'Events deleted, or what ships logs taken away',
  severity: 'critical',
  techniques: ['T1070', 'T1562.001'],
  references: ['https://attack.mitre.org/techniques/T1070/', 'https://attack.mitre.org/techniques/T1562/001/'],
  triggers: [
    { verbs: ['delete', 'deletecollection'], on: 'events', needs: 'Metadata' },
    { verbs: ['delete', 'deletecollection'], on: 'events.events.k8s.io', needs: 'Metadata' },
    { verbs: ['delete', 'deletecollection', 'update', 'patch'], on: 'daemonsets.apps', needs: 'Metadata' },
    { verbs: ['delete', 'deletecollection', 'update', 'patch'], on: 'deployments.apps', needs: 'Metadata' },
    { verbs: ['update', 'patch'], on: 'deployments/scale.apps', needs: 'Metadata' },
  ],
  besides: null,
};
