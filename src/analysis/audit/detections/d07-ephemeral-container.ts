import type { Detection } from '../detection.js';

export const ephemeralContainer: Detection = {
  id: 'D07',
  title: 'A container added to a running pod',
  severity: 'high',
  techniques: ['T1610'],
  references: ['https://attack.mitre.org/techniques/T1610/'],
  triggers: [{ verbs: ['update', 'patch'], on: 'pods/ephemeralcontainers', needs: 'Metadata', whole: 'Request' }],
  besides: null,
};
