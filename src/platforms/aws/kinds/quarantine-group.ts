import {
  AuthorizeSecurityGroupEgressCommand,
  AuthorizeSecurityGroupIngressCommand,
  CreateSecurityGroupCommand,
  DeleteSecurityGroupCommand,
  type IpPermission,
  RevokeSecurityGroupEgressCommand,
  RevokeSecurityGroupIngressCommand,
  type SecurityGroup,
} from '@aws-sdk/client-ec2';
import type { CloudView } from '../../../model/cloud.js';
import type { AwsCalls } from '../aws-calls.js';
import { findGroup, type GroupName, parseGroupName } from '../find-group.js';
import { interfacesWith } from '../interfaces-with.js';
import { ALL_V4, ALL_V6, canonicalRule, parseRule, ruleWords } from '../rule-words.js';
import { tagsOf } from '../tags.js';
import { type AwsChange, type AwsKind, type Changed, DONE, there } from './aws-kind.js';

type View = CloudView<'quarantine-group'>;
type Rules = NonNullable<View>;

const CASE_TAG = 'kubexhibit.dev/case';
const PLAN_TAG = 'kubexhibit.dev/plan';
const NO_GROUP = /^InvalidGroup\.NotFound$/;

/**
 * A security group that a plan makes. EC2 gives each new one a way out to everywhere, v4 and v6, which is taken away last: a group of ours
 * that still has it is not finished, and counts as not made, so that it is gone on with and none is put on an interface before.
 */
export const quarantineGroup: AwsKind<'quarantine-group'> = {
  gone: NO_GROUP,
  look: async ({ calls, subject }, like) => {
    const wanted = parseGroupName(subject.id);
    if (wanted === null) return { state: 'unreadable', detail: `${subject.id} names no group of a network` };
    const group = await findGroup(calls, wanted);
    return there(group === null || isUnfinished(group, like) ? null : viewOf(wanted, group, like));
  },
  set: async ({ calls, subject }, change) => {
    const named = parseGroupName(subject.id);
    if (named === null) return { outcome: 'refused', detail: `${subject.id} names no group of a network` };
    if (change.view === null) return await remove(calls, named, change);
    return await make(calls, { ...named, view: change.view }, change);
  },
};

/** Rules that are meant by `like` are spelled as there. */
function viewOf({ vpc, name }: GroupName, group: SecurityGroup, like: View): Rules {
  const spelled = (words: readonly string[], as: readonly string[] = []): string[] => {
    const spelling = new Map(as.map((word) => [canonicalRule(word), word]));
    return words.map((word) => spelling.get(word) ?? word).sort();
  };
  return {
    vpc,
    name,
    ingress: spelled(ruleWords(group.IpPermissions), like?.ingress),
    egress: spelled(ruleWords(group.IpPermissionsEgress), like?.egress),
  };
}

function isUnfinished(group: SecurityGroup, like: View): boolean {
  if (!Object.hasOwn(tagsOf(group.Tags), CASE_TAG)) return false;
  const egress = ruleWords(group.IpPermissionsEgress);
  return [ALL_V4, ALL_V6].some((word) => egress.includes(word) && like?.egress.includes(word) !== true);
}

async function make(
  calls: AwsCalls,
  wanted: GroupName & { readonly view: Rules },
  { caseToken, plan, dryRun }: AwsChange<View>,
): Promise<Changed> {
  const words = [...wanted.view.ingress, ...wanted.view.egress];
  const unknown = words.find((word) => parseRule(word) === null);
  if (unknown !== undefined) return { outcome: 'refused', detail: `no rule of a security group is called ${unknown}` };
  const found = await findGroup(calls, wanted);
  if (found !== null && tagsOf(found.Tags)[CASE_TAG] !== caseToken)
    return { outcome: 'refused', detail: `there is a group ${wanted.vpc}/${wanted.name} that this case did not make` };
  if (found === null) await create(calls, wanted, { caseToken, plan, dryRun });
  if (dryRun) return DONE;
  const group = await findGroup(calls, wanted);
  if (group?.GroupId === undefined)
    return { outcome: 'unsettled', detail: 'EC2 took the group and does not tell of it yet' };
  await reconcile(calls, { id: group.GroupId, group, view: wanted.view });
  return DONE;
}

async function create(
  calls: AwsCalls,
  { vpc, name }: GroupName,
  { caseToken, plan, dryRun }: Pick<AwsChange<View>, 'caseToken' | 'plan' | 'dryRun'>,
): Promise<void> {
  const tags = [
    { Key: CASE_TAG, Value: caseToken },
    { Key: PLAN_TAG, Value: plan },
  ];
  await calls.change('ec2:CreateSecurityGroup', () =>
    calls.clients.ec2Once.send(
      new CreateSecurityGroupCommand({
        GroupName: name,
        Description: `kubexhibit ${caseToken}`,
        VpcId: vpc,
        TagSpecifications: [{ ResourceType: 'security-group', Tags: tags }],
        DryRun: dryRun,
      }),
    ),
  );
}

interface Reconciled {
  readonly id: string;
  readonly group: SecurityGroup;
  readonly view: Rules;
}

/** What is missing is added before what is too much goes: the way out to everywhere is the sign that the group is not finished. */
async function reconcile(calls: AwsCalls, { id: GroupId, group, view }: Reconciled): Promise<void> {
  const { ec2Once } = calls.clients;
  const ingress = differences(ruleWords(group.IpPermissions), view.ingress.map(canonicalRule));
  const egress = differences(ruleWords(group.IpPermissionsEgress), view.egress.map(canonicalRule));
  const missingIn = { GroupId, IpPermissions: ingress.missing };
  const missingOut = { GroupId, IpPermissions: egress.missing };
  const tooMuchIn = { GroupId, IpPermissions: ingress.tooMuch };
  const tooMuchOut = { GroupId, IpPermissions: egress.tooMuch };
  if (ingress.missing.length > 0)
    await calls.change('ec2:AuthorizeSecurityGroupIngress', () =>
      ec2Once.send(new AuthorizeSecurityGroupIngressCommand(missingIn)),
    );
  if (egress.missing.length > 0)
    await calls.change('ec2:AuthorizeSecurityGroupEgress', () =>
      ec2Once.send(new AuthorizeSecurityGroupEgressCommand(missingOut)),
    );
  if (ingress.tooMuch.length > 0)
    await calls.change('ec2:RevokeSecurityGroupIngress', () =>
      ec2Once.send(new RevokeSecurityGroupIngressCommand(tooMuchIn)),
    );
  if (egress.tooMuch.length > 0)
    await calls.change('ec2:RevokeSecurityGroupEgress', () =>
      ec2Once.send(new RevokeSecurityGroupEgressCommand(tooMuchOut)),
    );
}

function differences(
  now: readonly string[],
  wanted: readonly string[],
): Readonly<Record<'missing' | 'tooMuch', IpPermission[]>> {
  const rules = (words: readonly string[]): IpPermission[] => words.flatMap((word) => parseRule(word) ?? []);
  return {
    missing: rules(wanted.filter((word) => !now.includes(word))),
    tooMuch: rules(now.filter((word) => !wanted.includes(word))),
  };
}

async function remove(calls: AwsCalls, named: GroupName, { caseToken, dryRun }: AwsChange<View>): Promise<Changed> {
  const group = await findGroup(calls, named);
  const id = group?.GroupId;
  if (group === null || id === undefined) return DONE;
  if (tagsOf(group.Tags)[CASE_TAG] !== caseToken)
    return { outcome: 'refused', detail: `the group ${named.vpc}/${named.name} was not made by this case` };
  // EC2 refuses it as well; what only speaks its language may leave the interfaces with a group that is not there.
  const holders = await interfacesWith(calls, id);
  if (holders.length > 0)
    return { outcome: 'refused', detail: `the group is still on ${holders.slice(0, 5).join(', ')}` };
  await calls.change('ec2:DeleteSecurityGroup', () =>
    calls.clients.ec2Once.send(new DeleteSecurityGroupCommand({ GroupId: id, DryRun: dryRun })),
  );
  return DONE;
}
