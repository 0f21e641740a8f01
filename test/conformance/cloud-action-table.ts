import {
  CLOUD_ACTION_KINDS,
  type CloudActionKindName,
  type CloudSubject,
  type CloudView,
} from '../../src/model/cloud.js';
import type { CloudStep } from '../../src/model/action.js';
import { cloudKindOf } from '../../src/plan/cloud-kinds.js';
import { FakeCloudActuator } from '../fakes/fake-cloud-actuator.js';

/** One change to one thing of a cloud, and what somebody else may make of the same part. */
export interface CloudExample<Kind extends CloudActionKindName = CloudActionKindName> {
  readonly kind: Kind;
  readonly subject: CloudSubject;
  readonly before: CloudView<Kind>;
  readonly intended: CloudView<Kind>;
  /** `null` = there are two states: what others do after us is to undo it. */
  readonly byOthers: CloudView<Kind> | null;
}

const INSTANCE: CloudSubject = {
  ...{ cloud: 'aws', account: '123456789012', region: 'eu-central-1' },
  ...{ type: 'instance', id: 'i-0abc', instance: 'i-0abc' },
};
const of = (type: CloudSubject['type'], id: string): CloudSubject => ({ ...INSTANCE, type, id });

function example<Kind extends CloudActionKindName>(one: CloudExample<Kind>): CloudExample {
  return one;
}

const VOLUME = { deviceName: '/dev/xvda', volumeId: 'vol-1' };
const GROUP = { vpc: 'vpc-1', name: 'exhibit-quarantine-k7m2p9-p1' };
const DENIAL = { policyName: 'exhibit-1', instance: 'arn:i-0abc', issuedBeforeAt: '2026-01-01T00:00:00Z' };

export const CLOUD_EXAMPLES: readonly CloudExample[] = [
  example({
    ...{ kind: 'termination-protection', subject: INSTANCE },
    ...{ before: { isProtected: false }, intended: { isProtected: true }, byOthers: null },
  }),
  example({
    ...{ kind: 'shutdown-behaviour', subject: INSTANCE },
    ...{ before: { onShutdown: 'terminate' }, intended: { onShutdown: 'stop' }, byOthers: null },
  }),
  example({
    ...{ kind: 'keep-volume', subject: INSTANCE, byOthers: null },
    before: { ...VOLUME, deleteOnTermination: true },
    intended: { ...VOLUME, deleteOnTermination: false },
  }),
  example({
    ...{ kind: 'scale-in-protection', subject: of('scaling-group-member', 'workers') },
    before: { group: 'workers', isProtected: false },
    intended: { group: 'workers', isProtected: true },
    byOthers: { group: 'others', isProtected: false },
  }),
  example({
    ...{ kind: 'scaling-processes', subject: of('scaling-group', 'workers') },
    before: { group: 'workers', suspended: ['AZRebalance'] },
    intended: { group: 'workers', suspended: ['AZRebalance', 'ReplaceUnhealthy', 'Terminate'] },
    byOthers: { group: 'workers', suspended: ['ReplaceUnhealthy'] },
  }),
  example({
    ...{ kind: 'balancer-targets', subject: of('target-group', 'arn:tg') },
    before: { ids: ['10.0.0.7', 'i-0abc'], targets: ['10.0.0.7 8080', 'i-0abc 80'] },
    intended: { ids: ['10.0.0.7', 'i-0abc'], targets: [] },
    byOthers: { ids: ['10.0.0.7', 'i-0abc'], targets: ['i-0abc 80'] },
  }),
  example({
    ...{ kind: 'classic-balancer', subject: of('classic-balancer', 'web') },
    ...{ before: { isRegistered: true }, intended: { isRegistered: false }, byOthers: null },
  }),
  example({
    ...{ kind: 'group-membership', subject: of('scaling-group-member', 'workers') },
    before: { group: 'workers', state: 'in-service', decrementsDesired: true },
    intended: { group: 'workers', state: 'standby', decrementsDesired: true },
    byOthers: { group: 'workers', state: 'detached', decrementsDesired: true },
  }),
  example({
    ...{ kind: 'quarantine-group', subject: of('security-group', 'vpc-1/exhibit-quarantine-k7m2p9-p1') },
    before: null,
    intended: { ...GROUP, ingress: ['tcp 10250 10.0.0.0/16'], egress: [] },
    byOthers: { ...GROUP, ingress: ['tcp 10250 10.0.0.0/16'], egress: ['all all 0.0.0.0/0'] },
  }),
  example({
    ...{ kind: 'interface-groups', subject: of('network-interface', 'eni-1') },
    before: { groups: ['sg-1', 'sg-2'] },
    intended: { groups: ['sg-9'] },
    byOthers: { groups: ['sg-1'] },
  }),
  example({
    ...{ kind: 'metadata-service', subject: INSTANCE },
    before: { isEnabled: true, tokens: 'required', hopLimit: 2 },
    intended: { isEnabled: false, tokens: 'required', hopLimit: 2 },
    byOthers: { isEnabled: true, tokens: 'optional', hopLimit: 2 },
  }),
  example({
    ...{ kind: 'instance-profile', subject: INSTANCE },
    before: { profileArn: 'arn:profile' },
    intended: { profileArn: null },
    byOthers: { profileArn: 'arn:another' },
  }),
  example({
    ...{ kind: 'deny-sessions', subject: of('role', 'worker') },
    before: null,
    intended: DENIAL,
    byOthers: { ...DENIAL, issuedBeforeAt: '2020-01-01T00:00:00Z' },
  }),
];

export function cloudStepOf({ kind, subject, before, intended }: CloudExample): CloudStep {
  const { reversibility, undo } = cloudKindOf(kind);
  return { step: 1, name: kind, kind, phase: 'protect', subject, before, intended, reversibility, undo, needs: [] };
}

export function cloudOf({ kind, subject, before }: CloudExample): FakeCloudActuator {
  const cloud = new FakeCloudActuator();
  if (before !== null) cloud.put(kind, subject, before);
  return cloud;
}

/** Kinds that nobody wrote an example of. */
export const CLOUD_KINDS_WITHOUT_EXAMPLE = CLOUD_ACTION_KINDS.filter(
  (kind) => !CLOUD_EXAMPLES.some((one) => one.kind === kind),
);
