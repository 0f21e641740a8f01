import type { Detection } from '../detection.js';

export const staticPod: Detection = {
  id: 'D18',
  title: 'A static pod that was not there before',
  severity: 'high',
  techniques: ['T1543'],
  references: ['https://attack.mitre.org/techniques/T1543/'],
  triggers: [{ who: ['node'], verbs: ['create'], on: 'pods', needs: 'Request' }],
  besides: 'the static pods that belong there',
};
