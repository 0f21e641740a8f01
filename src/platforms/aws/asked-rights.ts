import type { CloudActionKindName } from '../../model/cloud.js';
import type { CloudInstance } from '../../ports/platform.js';
import { arnOf } from './arn.js';

/** An action that has no dry run, and what it would be done to. */
export interface AskedRight {
  readonly action: string;
  /** ARN; `null` = not known: asked for all there are. */
  readonly resource: string | null;
  /** What a policy may make it depend on, by the name of its condition key. */
  readonly context: Readonly<Record<string, string>>;
}

type Asked = (instance: CloudInstance) => readonly AskedRight[];

const CASE_TAG = 'kubexhibit.dev/case';
/** A group that is not made yet has an id that nobody knows: policies name such ones by a pattern. */
const NEW_GROUP = 'security-group/sg-00000000000000000';

function all(actions: readonly string[], about: Omit<AskedRight, 'action'>): readonly AskedRight[] {
  return actions.map((action) => ({ action, ...about }));
}

function tagged(tags: Readonly<Record<string, string>>, ...names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    Object.entries(tags).flatMap(([key, value]) => names.map((name) => [`${name}/${key}`, value] as const)),
  );
}

function ofGroup(...actions: readonly string[]): Asked {
  return ({ scaling }) =>
    scaling === null
      ? []
      : all(actions, {
          resource: scaling.arn ?? null,
          context: tagged(scaling.tags ?? {}, 'aws:ResourceTag', 'autoscaling:ResourceTag'),
        });
}

function ofRole(...actions: readonly string[]): Asked {
  return ({ roleName, roleArn = null }) => (roleName === null ? [] : all(actions, { resource: roleArn, context: {} }));
}

const profile: Asked = (instance) => {
  const { arn, tags, profileArn, roleArn = null } = instance;
  if (profileArn === null) return [];
  const calls = ['ec2:DisassociateIamInstanceProfile', 'ec2:AssociateIamInstanceProfile'];
  const context = tagged(tags, 'aws:ResourceTag', 'ec2:ResourceTag');
  return [
    ...all(calls, { resource: arn, context }),
    { action: 'iam:PassRole', resource: roleArn, context: { 'iam:PassedToService': 'ec2.amazonaws.com' } },
  ];
};

const newGroup: Asked = ({ account, region, interfaces }) => {
  const resource = arnOf({ service: 'ec2', region, account, resource: NEW_GROUP });
  const tags = { [CASE_TAG]: 'dry-run' };
  const changes = [
    'ec2:AuthorizeSecurityGroupIngress',
    'ec2:AuthorizeSecurityGroupEgress',
    'ec2:RevokeSecurityGroupIngress',
    'ec2:RevokeSecurityGroupEgress',
    'ec2:DeleteSecurityGroup',
  ];
  const [{ vpc } = { vpc: null }] = interfaces;
  const network: Record<string, string> =
    vpc === null ? {} : { 'ec2:Vpc': arnOf({ service: 'ec2', region, account, resource: `vpc/${vpc}` }) };
  const creating = { 'ec2:CreateAction': 'CreateSecurityGroup', ...tagged(tags, 'aws:RequestTag') };
  return [
    { action: 'ec2:CreateTags', resource, context: creating },
    ...all(changes, { resource, context: { ...network, ...tagged(tags, 'aws:ResourceTag', 'ec2:ResourceTag') } }),
  ];
};

const targets: Asked = ({ registrations = [] }) =>
  registrations.flatMap(({ type, id }) =>
    type === 'target-group'
      ? all(['elasticloadbalancing:DeregisterTargets', 'elasticloadbalancing:RegisterTargets'], {
          ...{ resource: id, context: {} },
        })
      : [],
  );

const classic: Asked = ({ account, region, registrations = [] }) => {
  const actions = ['DeregisterInstancesFromLoadBalancer', 'RegisterInstancesWithLoadBalancer'];
  return registrations.flatMap(({ type, id }) => {
    const resource = arnOf({ service: 'elasticloadbalancing', region, account, resource: `loadbalancer/${id}` });
    const named = actions.map((name) => `elasticloadbalancing:${name}`);
    return type === 'classic-balancer' ? all(named, { resource, context: {} }) : [];
  });
};

const ASKED: Partial<Record<CloudActionKindName, Asked>> = {
  'scale-in-protection': ofGroup('autoscaling:SetInstanceProtection'),
  'scaling-processes': ofGroup('autoscaling:SuspendProcesses', 'autoscaling:ResumeProcesses'),
  'group-membership': ofGroup(
    'autoscaling:EnterStandby',
    'autoscaling:ExitStandby',
    'autoscaling:DetachInstances',
    'autoscaling:AttachInstances',
  ),
  'quarantine-group': newGroup,
  'balancer-targets': targets,
  'classic-balancer': classic,
  'instance-profile': profile,
  'deny-sessions': ofRole('iam:PutRolePolicy', 'iam:DeleteRolePolicy'),
};

/** What kinds of changes to this machine need besides what a dry run goes through; nothing of what the machine does not have. */
export function askedRights(kinds: readonly CloudActionKindName[], instance: CloudInstance): readonly AskedRight[] {
  return kinds.flatMap((kind) => ASKED[kind]?.(instance) ?? []);
}
