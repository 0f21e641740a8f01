import type { Detection } from '../detection.js';

export const sidecar: Detection = {
  id: 'D16',
  title: 'A container added to a workload that runs',
  severity: 'high',
  techniques: ['T1610'],
  references: ['https://attack.mitre.org/techniques/T1610/'],
  triggers: [
    { verbs: ['update', 'patch'], on: 'deployments.apps', needs: 'Request' },
    { verbs: ['update', 'patch'], on: 'daemonsets.apps', needs: 'Request' },
    { verbs: ['update', 'patch'], on: 'statefulsets.apps', needs: 'Request' },
  ],
  besides: null,
};
