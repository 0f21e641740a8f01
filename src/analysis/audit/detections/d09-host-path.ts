import type { Detection } from '../detection.js';
import { POD_TEMPLATES } from '../pod-templates.js';

export const hostPath: Detection = {
  id: 'D09',
  title: 'A folder of the host in a pod',
  severity: 'critical',
  techniques: ['T1611'],
  references: ['https://attack.mitre.org/techniques/T1611/'],
  triggers: POD_TEMPLATES,
  besides: null,
};
