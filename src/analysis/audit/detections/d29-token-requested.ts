import type { Detection } from '../detection.js';

export const tokenRequested: Detection = {
  id: 'D29',
  title: 'A token of a service account requested',
  severity: 'high',
  techniques: ['T1528'],
  references: ['https://attack.mitre.org/techniques/T1528/'],
  triggers: [{ verbs: ['create'], on: 'serviceaccounts/token', needs: 'Metadata', whole: 'Request' }],
  besides: null,
};
