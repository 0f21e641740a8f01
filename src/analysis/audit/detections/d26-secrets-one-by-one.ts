import type { Detection } from '../detection.js';

export const secretsOneByOne: Detection = {
  id: 'D26',
  title: 'Many secrets read by one actor',
  severity: 'high',
  techniques: ['T1552.007'],
  references: ['https://attack.mitre.org/techniques/T1552/007/'],
  triggers: [{ verbs: ['get'], on: 'secrets', needs: 'Metadata' }],
  besides: null,
};
