import type { Detection } from '../detection.js';

export const secretOfAForeignPod: Detection = {
  id: 'D27',
  title: 'A secret read for a pod that is not there',
  severity: 'high',
  techniques: ['T1552.007'],
  references: ['https://attack.mitre.org/techniques/T1552/007/'],
  triggers: [
    { who: ['node'], verbs: ['get'], on: 'secrets', needs: 'Metadata' },
    { who: ['workload'], verbs: ['get'], on: 'secrets', needs: 'Metadata' },
  ],
  besides: 'which pods were on which node',
};
