import type { Detection } from '../detection.js';

export const deniedAgainAndAgain: Detection = {
  id: 'D34',
  title: 'Many requests that were denied',
  severity: 'medium',
  techniques: ['T1613'],
  references: ['https://attack.mitre.org/techniques/T1613/'],
  triggers: [
    { who: ['person', 'workload', 'anonymous'], verbs: ['get', 'list'], on: 'pods', needs: 'Metadata' },
    { who: ['person', 'workload', 'anonymous'], verbs: ['get', 'list'], on: 'secrets', needs: 'Metadata' },
    { verbs: ['create'], on: 'selfsubjectaccessreviews.authorization.k8s.io', namespace: null, needs: 'Metadata' },
  ],
  besides: null,
};
