import type { ClusterActionKindName } from '../../model/action.js';
import { actionKindOf } from '../../plan/action-kinds.js';

/** Verbs on one resource. */
export interface ContainmentRight {
  readonly apiGroup: string;
  readonly resource: string;
  readonly verbs: readonly string[];
  /** It is used in the namespaces of the suspects; otherwise in the whole cluster. */
  readonly isNamespaced: boolean;
  readonly why: string;
  /** The one flag that it is for; left out = every containment uses it. */
  readonly onlyFor?: '--shift-others';
}

/** What a quarantine and its release read, before and after they change anything. */
const READS: readonly ContainmentRight[] = [
  {
    ...{ apiGroup: '', resource: 'namespaces', verbs: ['get'], isNamespaced: false },
    why: 'The UID of kube-system stands for the cluster in every record.',
  },
  { apiGroup: '', resource: 'nodes', verbs: ['get'], isNamespaced: false, why: 'The nodes that are meant.' },
  {
    ...{ apiGroup: '', resource: 'pods', verbs: ['get', 'list'], isNamespaced: true },
    why: 'The suspects, and what their controllers make in their place.',
  },
  {
    ...{ apiGroup: '', resource: 'services', verbs: ['list'], isNamespaced: true },
    why: 'By which labels Services find the suspects.',
  },
  ...['mutatingwebhookconfigurations', 'validatingwebhookconfigurations'].map((resource) => ({
    ...{ apiGroup: 'admissionregistration.k8s.io', resource, verbs: ['list'], isNamespaced: false },
    why: 'For --shift-others: which pods admissions wait for.',
    onlyFor: '--shift-others' as const,
  })),
  {
    ...{ apiGroup: '', resource: 'persistentvolumeclaims', verbs: ['get'], isNamespaced: true },
    why: 'For --shift-others: whether the data of a pod is on its node alone.',
    onlyFor: '--shift-others',
  },
  {
    ...{ apiGroup: '', resource: 'persistentvolumes', verbs: ['get'], isNamespaced: false },
    why: 'For --shift-others: whether the data of a pod is on its node alone.',
    onlyFor: '--shift-others',
  },
  ...(
    [
      ['', 'replicationcontrollers'],
      ['apps', 'replicasets'],
      ['apps', 'statefulsets'],
      ['apps', 'daemonsets'],
      ['batch', 'jobs'],
    ] as const
  ).map(([apiGroup, resource]) => ({
    ...{ apiGroup, resource, verbs: ['get'], isNamespaced: true },
    why: 'By which labels controllers find the suspects.',
  })),
  {
    ...{ apiGroup: 'networking.k8s.io', resource: 'networkpolicies', verbs: ['list'], isNamespaced: true },
    why: 'What other policies allow the suspects.',
  },
  ...(
    [
      ['cilium.io', 'ciliumnetworkpolicies', true],
      ['cilium.io', 'ciliumclusterwidenetworkpolicies', false],
      ['crd.projectcalico.org', 'networkpolicies', true],
      ['crd.projectcalico.org', 'globalnetworkpolicies', false],
      ['policy.networking.k8s.io', 'adminnetworkpolicies', false],
      ['policy.networking.k8s.io', 'baselineadminnetworkpolicies', false],
    ] as const
  ).map(([apiGroup, resource, isNamespaced]) => ({
    ...{ apiGroup, resource, verbs: ['list'], isNamespaced },
    why: 'What policies of network plugins allow the suspects, where their API is served.',
  })),
  {
    ...{ apiGroup: 'authentication.k8s.io', resource: 'selfsubjectreviews', verbs: ['create'], isNamespaced: false },
    why: 'Who the server takes us for; changes nothing.',
  },
  {
    apiGroup: 'authorization.k8s.io',
    resource: 'selfsubjectaccessreviews',
    verbs: ['create'],
    isNamespaced: false,
    why: 'What we may do; changes nothing.',
  },
];

type Subject = Pick<ContainmentRight, 'apiGroup' | 'resource' | 'isNamespaced'>;
const NODES: Subject = { apiGroup: '', resource: 'nodes', isNamespaced: false };
const PODS: Subject = { apiGroup: '', resource: 'pods', isNamespaced: true };

/** What each kind of change is made to. */
const SUBJECTS: Readonly<Partial<Record<ClusterActionKindName, readonly Subject[]>>> = {
  'annotate': [NODES, PODS],
  'cordon-node': [NODES],
  'taint-node': [NODES],
  'pin-pod': [PODS],
  'deny-network': [{ apiGroup: 'networking.k8s.io', resource: 'networkpolicies', isNamespaced: true }],
  'deny-cilium': [{ apiGroup: 'cilium.io', resource: 'ciliumnetworkpolicies', isNamespaced: true }],
  'deny-calico': [
    { apiGroup: 'projectcalico.org', resource: 'networkpolicies', isNamespaced: true },
    { apiGroup: 'crd.projectcalico.org', resource: 'networkpolicies', isNamespaced: true },
  ],
  'detach-pod': [PODS],
  'evict-pod': [PODS],
};

/** Kinds of changes of which it is said here what they are made to. */
export const KINDS_WITH_SUBJECTS = Object.keys(SUBJECTS) as readonly ClusterActionKindName[];

function rightsOf(name: ClusterActionKindName): readonly ContainmentRight[] {
  const kind = actionKindOf(name);
  const verbs = [...new Set([...kind.doing, ...kind.undoing])];
  const why = `${name}: done, read back, taken back.`;
  const beside = kind.makes ? [] : (kind.doingBeside ?? []);
  return (SUBJECTS[name] ?? []).flatMap((subject) => [
    { ...subject, verbs, why },
    ...beside.map(({ verb, subresource }) => {
      const resource = `${subject.resource}/${subresource}`;
      const right = { ...subject, resource, verbs: [verb], why: `${name}: cannot be taken back.` };
      return name === 'evict-pod' ? { ...right, onlyFor: '--shift-others' as const } : right;
    }),
  ]);
}

/**
 * Everything that a quarantine and its release use of the API, one entry a resource, verbs sorted. A conformance test compares it with
 * what they really ask for; templates/rbac/responder.yaml is generated from it.
 */
export function containmentRights(): readonly ContainmentRight[] {
  const kinds = KINDS_WITH_SUBJECTS.flatMap(rightsOf);
  const merged = new Map<string, ContainmentRight>();
  for (const right of [...READS, ...kinds]) {
    const key = `${right.apiGroup}/${right.resource}`;
    const known = merged.get(key);
    const verbs = [...new Set([...(known?.verbs ?? []), ...right.verbs])].sort();
    merged.set(key, { ...right, verbs, why: known?.why ?? right.why });
  }
  return [...merged.values()];
}
