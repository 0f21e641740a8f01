import type { Detection } from '../detection.js';

export const podSecurityLoosened: Detection = {
  id: 'D39',
  title: 'The security level of a namespace lowered',
  severity: 'high',
  techniques: ['T1562'],
  references: ['https://attack.mitre.org/techniques/T1562/'],
  triggers: [
    { verbs: ['create'], on: 'namespaces', namespace: null, needs: 'Request' },
    // The server takes the name of a namespace for the namespace of the request.
    { verbs: ['update', 'patch'], on: 'namespaces', needs: 'Request' },
  ],
  besides: null,
};
