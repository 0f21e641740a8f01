import type { Detection } from '../detection.js';

export const anonymousAllowed: Detection = {
  id: 'D33',
  title: 'An anonymous request that was answered',
  severity: 'high',
  techniques: ['T1078.001'],
  references: ['https://attack.mitre.org/techniques/T1078/001/'],
  triggers: [
    { who: ['anonymous'], verbs: ['get', 'list'], on: 'pods', needs: 'Metadata' },
    { who: ['anonymous'], verbs: ['get', 'list'], on: 'secrets', needs: 'Metadata' },
    { who: ['anonymous'], verbs: ['get'], on: '', path: '/api', needs: 'Metadata' },
    { who: ['anonymous'], verbs: ['get'], on: '', path: '/metrics', needs: 'Metadata' },
  ],
  besides: null,
};
