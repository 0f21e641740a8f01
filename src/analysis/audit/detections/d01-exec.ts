import type { Detection } from '../detection.js';

export const exec: Detection = {
  id: 'D01',
  title: 'A command in a running container',
  severity: 'high',
  techniques: ['T1609'],
  references: ['kubernetes/kubernetes#133515', 'https://attack.mitre.org/techniques/T1609/'],
  triggers: [
    { verbs: ['get', 'create'], on: 'pods/exec', needs: 'Metadata' },
    { verbs: ['get', 'create'], on: 'pods/attach', needs: 'Metadata' },
  ],
  besides: null,
};
