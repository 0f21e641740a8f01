import type { Detection } from '../detection.js';

export const massDeletion: Detection = {
  id: 'D44',
  title: 'Much deleted at once',
  severity: 'high',
  techniques: ['T1485', 'T1498'],
  references: ['https://attack.mitre.org/techniques/T1485/', 'https://attack.mitre.org/techniques/T1498/'],
  triggers: [
    { verbs: ['delete', 'deletecollection'], on: 'pods', needs: 'Metadata' },
    { verbs: ['delete', 'deletecollection'], on: 'deployments.apps', needs: 'Metadata' },
    { verbs: ['delete', 'deletecollection'], on: 'secrets', needs: 'Metadata' },
    { verbs: ['delete'], on: 'namespaces', needs: 'Metadata' },
    { verbs: ['delete'], on: 'persistentvolumes', namespace: null, needs: 'Metadata' },
  ],
  besides: null,
};
