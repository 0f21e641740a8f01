import type { Detection } from '../detection.js';

export const kubeletAskedDirectly: Detection = {
  id: 'D06',
  title: 'A kubelet that was asked directly',
  severity: 'high',
  techniques: ['T1609'],
  references: [
    'argoproj/argo-workflows#902',
    'kubernetes/kubernetes#39441',
    'https://attack.mitre.org/techniques/T1609/',
  ],
  triggers: [
    {
      who: ['node'],
      verbs: ['create'],
      on: 'subjectaccessreviews.authorization.k8s.io',
      namespace: null,
      needs: 'Request',
    },
  ],
  besides: null,
};
