import type { Detection } from '../detection.js';

export const lookingAround: Detection = {
  id: 'D35',
  title: 'A workload that asks what it may do',
  severity: 'medium',
  techniques: ['T1613'],
  references: ['https://attack.mitre.org/techniques/T1613/'],
  triggers: [
    {
      who: ['workload'],
      verbs: ['create'],
      on: 'selfsubjectrulesreviews.authorization.k8s.io',
      namespace: null,
      needs: 'Metadata',
    },
    {
      who: ['workload'],
      verbs: ['create'],
      on: 'selfsubjectaccessreviews.authorization.k8s.io',
      namespace: null,
      needs: 'Metadata',
    },
    { who: ['workload'], verbs: ['get'], on: '', path: '/api', needs: 'Metadata' },
    { who: ['workload'], verbs: ['get'], on: '', path: '/apis', needs: 'Metadata' },
  ],
  besides: null,
};
