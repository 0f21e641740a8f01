import type { Detection } from '../detection.js';

export const clientCertificate: Detection = {
  id: 'D31',
  title: 'A client certificate requested and approved',
  severity: 'critical',
  techniques: ['T1098'],
  references: ['https://attack.mitre.org/techniques/T1098/'],
  triggers: [
    {
      verbs: ['create'],
      on: 'certificatesigningrequests.certificates.k8s.io',
      namespace: null,
      needs: 'Metadata',
      whole: 'Request',
    },
    {
      verbs: ['update', 'patch'],
      on: 'certificatesigningrequests/approval.certificates.k8s.io',
      namespace: null,
      needs: 'Metadata',
    },
  ],
  besides: null,
};
