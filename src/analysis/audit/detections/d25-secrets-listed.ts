import type { Detection } from '../detection.js';

export const secretsListed: Detection = {
  id: 'D25',
  title: 'Secrets listed or watched',
  severity: 'high',
  techniques: ['T1552.007'],
  references: ['https://attack.mitre.org/techniques/T1552/007/'],
  triggers: [
    { verbs: ['list', 'watch'], on: 'secrets', namespace: null, needs: 'Metadata' },
    { verbs: ['list', 'watch'], on: 'secrets', namespace: 'kube-system', needs: 'Metadata' },
  ],
  besides: null,
};
