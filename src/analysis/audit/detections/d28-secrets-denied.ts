import type { Detection } from '../detection.js';

export const secretsDenied: Detection = {
  id: 'D28',
  title: 'Secrets asked for again and again, and denied',
  severity: 'medium',
  techniques: ['T1552.007'],
  references: ['https://attack.mitre.org/techniques/T1552/007/'],
  triggers: [{ verbs: ['get', 'list', 'watch'], on: 'secrets', needs: 'Metadata' }],
  besides: null,
};
