import type { Detection } from '../detection.js';
import { CONTAINER_TEMPLATES } from '../pod-templates.js';

export const weakenedConfinement: Detection = {
  id: 'D12',
  title: 'A container with weakened confinement',
  severity: 'medium',
  techniques: ['T1611'],
  references: ['https://attack.mitre.org/techniques/T1611/'],
  triggers: CONTAINER_TEMPLATES,
  besides: null,
};
