import type { Detection } from '../detection.js';

export const foundationChanged: Detection = {
  id: 'D42',
  title: 'DNS, network, join or cloud identities changed',
  severity: 'high',
  techniques: ['T1565', 'T1098'],
  references: ['https://attack.mitre.org/techniques/T1565/', 'https://attack.mitre.org/techniques/T1098/'],
  triggers: [
    {
      verbs: ['create', 'update', 'patch', 'delete'],
      on: 'configmaps',
      namespace: 'kube-system',
      name: 'coredns',
      needs: 'Metadata',
      whole: 'RequestResponse',
    },
    {
      verbs: ['create', 'update', 'patch', 'delete'],
      on: 'configmaps',
      namespace: 'kube-system',
      name: 'kube-proxy',
      needs: 'Metadata',
      whole: 'RequestResponse',
    },
    {
      verbs: ['create', 'update', 'patch', 'delete'],
      on: 'configmaps',
      namespace: 'kube-system',
      name: 'aws-auth',
      needs: 'Metadata',
      whole: 'RequestResponse',
    },
    {
      verbs: ['create', 'update', 'patch', 'delete'],
      on: 'configmaps',
      namespace: 'kube-system',
      name: 'kubeadm-config',
      needs: 'Metadata',
      whole: 'RequestResponse',
    },
    {
      verbs: ['create', 'update', 'patch', 'delete'],
      on: 'configmaps',
      namespace: 'kube-public',
      name: 'cluster-info',
      needs: 'Metadata',
      whole: 'RequestResponse',
    },
  ],
  besides: null,
};
