import type { Detection } from '../detection.js';
import { CONTAINER_TEMPLATES } from '../pod-templates.js';

export const privilegedContainer: Detection = {
  id: 'D08',
  title: 'A privileged container',
  severity: 'critical',
  techniques: ['T1611'],
  references: ['https://attack.mitre.org/techniques/T1611/'],
  triggers: CONTAINER_TEMPLATES,
  besides: null,
};
