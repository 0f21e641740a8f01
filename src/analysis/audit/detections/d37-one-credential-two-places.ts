import type { Detection } from '../detection.js';

export const oneCredentialTwoPlaces: Detection = {
  id: 'D37',
  title: 'One credential used from two places',
  severity: 'critical',
  techniques: ['T1528'],
  references: ['kubernetes/enhancements#4193', 'https://attack.mitre.org/techniques/T1528/'],
  triggers: [
    { who: ['workload'], verbs: ['get', 'list', 'create'], on: 'pods', needs: 'Metadata' },
    { who: ['workload'], verbs: ['get', 'list'], on: 'secrets', needs: 'Metadata' },
  ],
  besides: null,
};
