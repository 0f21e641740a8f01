import type { Detection } from '../detection.js';
import { CONTAINER_TEMPLATES } from '../pod-templates.js';

export const foreignImage: Detection = {
  id: 'D17',
  title: 'An image from elsewhere or without a digest',
  severity: 'medium',
  techniques: ['T1204.003'],
  references: ['https://attack.mitre.org/techniques/T1204/003/'],
  triggers: CONTAINER_TEMPLATES,
  besides: null,
};
