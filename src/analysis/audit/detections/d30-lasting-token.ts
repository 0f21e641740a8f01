import type { Detection } from '../detection.js';

export const lastingToken: Detection = {
  id: 'D30',
  title: 'A secret that holds a token for ever',
  severity: 'high',
  techniques: ['T1528'],
  references: ['https://attack.mitre.org/techniques/T1528/'],
  triggers: [{ verbs: ['create'], on: 'secrets', needs: 'Request' }],
  besides: null,
};
