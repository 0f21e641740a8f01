import type { Detection } from '../detection.js';

export const identityFromOutside: Detection = {
  id: 'D36',
  title: 'An identity of the cluster used from outside',
  severity: 'high',
  techniques: ['T1078.004'],
  references: ['https://attack.mitre.org/techniques/T1078/004/'],
  triggers: [
    { who: ['workload', 'node'], verbs: ['get', 'list', 'create'], on: 'pods', needs: 'Metadata' },
    { who: ['workload'], verbs: ['get', 'list'], on: 'secrets', needs: 'Metadata' },
  ],
  besides: 'the addresses of nodes and pods',
};
