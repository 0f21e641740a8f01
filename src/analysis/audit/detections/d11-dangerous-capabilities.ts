import type { Detection } from '../detection.js';
import { CONTAINER_TEMPLATES } from '../pod-templates.js';

export const dangerousCapabilities: Detection = {
  id: 'D11',
  title: 'Capabilities that lead out of a container',
  severity: 'high',
  techniques: ['T1611'],
  references: ['https://attack.mitre.org/techniques/T1611/'],
  triggers: CONTAINER_TEMPLATES,
  besides: null,
};
