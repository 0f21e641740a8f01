import type { Trigger } from './detection.js';

/** Whatever says how a pod is to be; its body must be there. */
export const POD_TEMPLATES: readonly Trigger[] = [
  'pods',
  'deployments.apps',
  'daemonsets.apps',
  'statefulsets.apps',
  'replicasets.apps',
  'jobs.batch',
  'cronjobs.batch',
  'replicationcontrollers',
].map((on) => ({ verbs: ['create', 'update', 'patch'], on, needs: 'Request' }));

/** And whatever says how a container is to be. */
export const CONTAINER_TEMPLATES: readonly Trigger[] = [
  ...POD_TEMPLATES,
  { verbs: ['update', 'patch'], on: 'pods/ephemeralcontainers', needs: 'Request' },
];
