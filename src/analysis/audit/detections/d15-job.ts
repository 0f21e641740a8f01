import type { Detection } from '../detection.js';

export const job: Detection = {
  id: 'D15',
  title: 'A Job or CronJob made or changed',
  severity: 'medium',
  techniques: ['T1053.007'],
  references: ['https://attack.mitre.org/techniques/T1053/007/'],
  triggers: [
    { verbs: ['create', 'update', 'patch'], on: 'jobs.batch', needs: 'Metadata' },
    { verbs: ['create', 'update', 'patch'], on: 'cronjobs.batch', needs: 'Metadata' },
  ],
  besides: null,
};
