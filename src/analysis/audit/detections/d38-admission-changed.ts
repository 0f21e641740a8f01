import type { Detection } from '../detection.js';

export const admissionChanged: Detection = {
  id: 'D38',
  title: 'Webhooks or policies of admission changed',
  severity: 'critical',
  techniques: ['T1562'],
  references: ['https://attack.mitre.org/techniques/T1562/'],
  triggers: [
    {
      verbs: ['create', 'update', 'patch'],
      on: 'mutatingwebhookconfigurations.admissionregistration.k8s.io',
      namespace: null,
      needs: 'Metadata',
      whole: 'Request',
    },
    {
      verbs: ['delete', 'deletecollection'],
      on: 'mutatingwebhookconfigurations.admissionregistration.k8s.io',
      namespace: null,
      needs: 'Metadata',
    },
    {
      verbs: ['create', 'update', 'patch'],
      on: 'validatingwebhookconfigurations.admissionregistration.k8s.io',
      namespace: null,
      needs: 'Metadata',
      whole: 'Request',
    },
    {
      verbs: ['delete', 'deletecollection'],
      on: 'validatingwebhookconfigurations.admissionregistration.k8s.io',
      namespace: null,
      needs: 'Metadata',
    },
    {
      verbs: ['create', 'update', 'patch'],
      on: 'validatingadmissionpolicies.admissionregistration.k8s.io',
      namespace: null,
      needs: 'Metadata',
      whole: 'Request',
    },
    {
      verbs: ['delete', 'deletecollection'],
      on: 'validatingadmissionpolicies.admissionregistration.k8s.io',
      namespace: null,
      needs: 'Metadata',
    },
    {
      verbs: ['create', 'update', 'patch'],
      on: 'validatingadmissionpolicybindings.admissionregistration.k8s.io',
      namespace: null,
      needs: 'Metadata',
      whole: 'Request',
    },
    {
      verbs: ['delete', 'deletecollection'],
      on: 'validatingadmissionpolicybindings.admissionregistration.k8s.io',
      namespace: null,
      needs: 'Metadata',
    },
  ],
  besides: null,
};
