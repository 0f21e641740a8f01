import type { Detection } from '../detection.js';

export const networkPolicy: Detection = {
  id: 'D40',
  title: 'A network policy deleted or loosened',
  severity: 'high',
  techniques: ['T1562.007'],
  references: ['https://attack.mitre.org/techniques/T1562/007/'],
  triggers: [
    {
      verbs: ['update', 'patch'],
      on: 'networkpolicies.networking.k8s.io',
      needs: 'Metadata',
      whole: 'Request',
    },
    { verbs: ['delete', 'deletecollection'], on: 'networkpolicies.networking.k8s.io', needs: 'Metadata' },
  ],
  besides: null,
};
