import type { Detection } from '../detection.js';

export const daemonset: Detection = {
  id: 'D14',
  title: 'A DaemonSet made or changed',
  severity: 'medium',
  techniques: ['T1610'],
  references: ['https://attack.mitre.org/techniques/T1610/'],
  triggers: [{ verbs: ['create', 'update', 'patch'], on: 'daemonsets.apps', needs: 'Metadata' }],
  besides: null,
};
