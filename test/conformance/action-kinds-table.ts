import { CLUSTER_ACTION_KINDS, type ClusterActionKindName, type ClusterStep } from '../../src/model/action.js';
import { actionKindOf } from '../../src/plan/action-kinds.js';
import { denialOf } from '../../src/plan/deny-view.js';
import { FakeActuator } from '../fakes/fake-actuator.js';

type Plain = Record<string, unknown>;

/** One action on one object, and what somebody else may do to the same part of it. */
export interface ActionExample {
  readonly kind: ClusterActionKindName;
  readonly subject: ClusterStep['subject'];
  /** `null` = the action makes it. */
  readonly object: (Plain & { readonly metadata: Plain }) | null;
  readonly before: ClusterStep['before'];
  readonly intended: ClusterStep['intended'];
  /** A merge patch on the same part. */
  readonly byOthers: Plain;
  /** Undone without further wishes, the object differs from what it was. */
  readonly isCompensated?: boolean;
  /** Nothing takes it back: the object ends with it. */
  readonly isIrreversible?: boolean;
}

const NODE = { group: '', version: 'v1', resource: 'nodes', namespace: null, name: 'worker', uid: 'u-node' };
const POD = { group: '', version: 'v1', resource: 'pods', namespace: 'shop', name: 'cart', uid: 'u-pod' };
const nodeOf = (spec: Plain, annotations: Plain = {}) => ({
  metadata: { name: 'worker', uid: 'u-node', annotations: { kept: 'a', ...annotations } },
  spec: { podCIDR: '10.0.0.0/24', ...spec },
});
const OTHER_TAINT = { key: 'gpu', value: 'yes', effect: 'NoSchedule' };
const LOST = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'];
const tolerationsOf = (seconds: number | null) => [
  { operator: 'Exists', key: 'gpu' },
  ...LOST.map((key) => ({
    key,
    operator: 'Exists',
    effect: 'NoExecute',
    ...(seconds === null ? {} : { tolerationSeconds: seconds }),
  })),
];
const pinsOf = (seconds: number | null) => ({ tolerations: LOST.map((key, at) => ({ at: at + 1, key, seconds })) });

const POLICY = { namespace: 'shop', name: 'deny', uid: null };
const DENIED = denialOf('k7m2p9', { key: 'kubexhibit.dev/quarantine', value: 'k7m2p9' });
const DENIAL = { ...DENIED, policyTypes: [...DENIED.policyTypes] };

export const ACTION_EXAMPLES: readonly ActionExample[] = [
  {
    kind: 'annotate',
    subject: NODE,
    object: nodeOf({}, { second: 'false' }),
    before: { first: null, second: 'false' },
    intended: { first: 'true', second: 'true' },
    byOthers: { metadata: { annotations: { second: 'maybe' } } },
  },
  {
    kind: 'cordon-node',
    subject: NODE,
    object: nodeOf({}),
    before: { unschedulable: false },
    intended: { unschedulable: true },
    // There is no third state: what others do after us is to undo it.
    byOthers: { spec: { unschedulable: null } },
  },
  {
    kind: 'taint-node',
    subject: NODE,
    object: nodeOf({ taints: [OTHER_TAINT] }),
    before: { key: 'ours', effect: 'NoSchedule', value: null },
    intended: { key: 'ours', effect: 'NoSchedule', value: 'k7m2p9' },
    byOthers: { spec: { taints: [{ key: 'ours', value: 'theirs', effect: 'NoSchedule' }] } },
  },
  {
    kind: 'pin-pod',
    subject: POD,
    object: { metadata: { name: 'cart', namespace: 'shop', uid: 'u-pod' }, spec: { tolerations: tolerationsOf(300) } },
    before: pinsOf(300),
    intended: pinsOf(null),
    byOthers: { spec: { tolerations: tolerationsOf(5) } },
  },
  {
    kind: 'deny-network',
    subject: {
      group: 'networking.k8s.io',
      version: 'v1',
      resource: 'networkpolicies',
      namespace: 'shop',
      name: 'deny',
      uid: null,
    },
    object: null,
    before: null,
    intended: {
      caseToken: 'k7m2p9',
      selects: { key: 'kubexhibit.dev/quarantine', value: 'k7m2p9' },
      policyTypes: ['Egress', 'Ingress'],
      allows: 0,
    },
    byOthers: { spec: { egress: [{}] } },
  },
  {
    kind: 'detach-pod',
    subject: POD,
    object: {
      metadata: { name: 'cart', namespace: 'shop', uid: 'u-pod', labels: { app: 'cart', tier: 'web' } },
      spec: {},
    },
    before: { 'kubexhibit.dev/quarantine': null, 'app': 'cart' },
    intended: { 'kubexhibit.dev/quarantine': 'k7m2p9', 'app': null },
    byOthers: { metadata: { labels: { app: 'cart-2' } } },
    isCompensated: true,
  },
  {
    kind: 'deny-cilium',
    subject: { group: 'cilium.io', version: 'v2', resource: 'ciliumnetworkpolicies', ...POLICY },
    ...{ object: null, before: null, intended: DENIAL },
    byOthers: { spec: { ingress: [{ fromEntities: ['all'] }] } },
  },
  {
    kind: 'deny-calico',
    subject: { group: 'projectcalico.org', version: 'v3', resource: 'networkpolicies', ...POLICY },
    ...{ object: null, before: null, intended: DENIAL },
    byOthers: { spec: { egress: [{ action: 'Allow' }, { action: 'Deny' }] } },
  },
  {
    kind: 'evict-pod',
    subject: POD,
    object: { metadata: { name: 'cart', namespace: 'shop', uid: 'u-pod' }, spec: {} },
    before: { ending: false },
    intended: { ending: true },
    // Whoever deletes it does what we wanted.
    byOthers: { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } },
    isIrreversible: true,
  },
];

export function stepOf({ kind, subject, before, intended }: ActionExample): ClusterStep {
  const { reversibility, undo } = actionKindOf(kind);
  return { step: 1, name: kind, kind, phase: 'protect', subject, before, intended, reversibility, undo, needs: [] };
}

export function worldOf({ subject, object }: ActionExample): FakeActuator {
  const world = new FakeActuator();
  if (object !== null) world.put(subject.resource, object);
  return world;
}

/** Kinds that nobody wrote an example of. */
export const KINDS_WITHOUT_EXAMPLE = CLUSTER_ACTION_KINDS.filter(
  (kind) => !ACTION_EXAMPLES.some((one) => one.kind === kind),
);
