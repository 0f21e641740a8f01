import type { Detection } from '../detection.js';

export const execOpensAWay: Detection = {
  id: 'D03',
  title: 'A command that opens a way out or copies files',
  severity: 'critical',
  techniques: ['T1059', 'T1105'],
  references: [
    'kubernetes/kubernetes#133515',
    'https://attack.mitre.org/techniques/T1059/',
    'https://attack.mitre.org/techniques/T1105/',
  ],
  triggers: [{ verbs: ['get', 'create'], on: 'pods/exec', needs: 'Metadata' }],
  besides: null,
};
