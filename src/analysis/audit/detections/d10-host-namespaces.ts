import type { Detection } from '../detection.js';
import { POD_TEMPLATES } from '../pod-templates.js';

export const hostNamespaces: Detection = {
  id: 'D10',
  title: 'A pod in the namespaces of the host',
  severity: 'high',
  techniques: ['T1611'],
  references: ['https://attack.mitre.org/techniques/T1611/'],
  triggers: POD_TEMPLATES,
  besides: null,
};
