import type { Detection } from '../detection.js';

export const execReadsCredentials: Detection = {
  id: 'D02',
  title: 'A command that reads tokens or passwords',
  severity: 'critical',
  techniques: ['T1552.001', 'T1552.005'],
  references: [
    'kubernetes/kubernetes#133515',
    'https://attack.mitre.org/techniques/T1552/001/',
    'https://attack.mitre.org/techniques/T1552/005/',
  ],
  triggers: [{ verbs: ['get', 'create'], on: 'pods/exec', needs: 'Metadata' }],
  besides: null,
};
