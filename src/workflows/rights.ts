import type { Permission } from '../ports/collector.js';

const path = (nonResourceUrl: string, why: string): Permission => ({
  apiGroup: '',
  resource: '',
  verbs: ['get'],
  nonResourceUrl,
  why,
});

const DISCOVERY = 'What the server announces; which resources there are to list.';
const OLDER_DISCOVERY = 'The same of one group at a time, from servers that do not announce everything at once.';

/**
 * The rights that a collection uses before a collector runs: to learn who we are, what there is and which targets are meant. They are
 * merged with those of the collectors into templates/rbac and docs/permissions.md; a conformance test compares them with what is asked for.
 */
export const COLLECTION_RIGHTS: readonly Permission[] = [
  path('/api', DISCOVERY),
  path('/apis', DISCOVERY),
  path('/api/*', OLDER_DISCOVERY),
  path('/apis/*', OLDER_DISCOVERY),
  {
    apiGroup: '',
    resource: 'namespaces',
    verbs: ['get'],
    why: 'The UID of kube-system stands for the cluster in every record.',
  },
  { apiGroup: '', resource: 'nodes', verbs: ['get', 'list'], why: 'UID and machine id of the nodes that are targets.' },
  {
    apiGroup: '',
    resource: 'pods',
    verbs: ['get', 'list'],
    why: 'The pods that are targets: named, on a node, in a namespace or all.',
  },
  {
    apiGroup: 'apiregistration.k8s.io',
    resource: 'apiservices',
    verbs: ['list'],
    why: 'Which groups another server answers for: they are read last.',
  },
  {
    apiGroup: 'apiextensions.k8s.io',
    resource: 'customresourcedefinitions',
    verbs: ['list'],
    why: 'Which resources a webhook converts: they are read last.',
  },
  {
    apiGroup: 'authentication.k8s.io',
    resource: 'selfsubjectreviews',
    verbs: ['create'],
    why: 'Who the server takes us for; changes nothing.',
  },
  {
    apiGroup: 'authorization.k8s.io',
    resource: 'selfsubjectaccessreviews',
    verbs: ['create'],
    why: 'What we may do, shown by a dry run; changes nothing.',
  },
];
