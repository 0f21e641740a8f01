import {
  type ContextEntry,
  type EvaluationResult,
  GetRoleCommand,
  SimulatePrincipalPolicyCommand,
} from '@aws-sdk/client-iam';
import { isDeepStrictEqual } from 'node:util';
import type { CloudRight } from '../../ports/platform.js';
import type { AskedRight } from './asked-rights.js';
import { AwsCallFailed, type AwsCalls } from './aws-calls.js';

const ASSUMED = /^arn:aws[a-z-]{0,12}:sts::\d{12}:assumed-role\/([\w+=,.@-]{1,64})\//;
const USER = /^arn:aws[a-z-]{0,12}:iam::\d{12}:user\//;
const MAX_KEYS = 5;

export interface Caller {
  readonly principal: string;
  readonly account: string;
  /** In which the calls would be made. */
  readonly region: string;
}

interface Source {
  /** ARN of a user or role. */
  readonly arn: string;
  readonly known: Readonly<Record<string, string>>;
}

/**
 * Asks IAM what the caller's policies say of actions that have no dry run, each for the very thing that it would be done to, with its tags.
 * Where that is not known, only what is allowed for all things or denied outright is an answer; where a policy depends on what a simulation
 * cannot know, nothing but an allowance is.
 */
export async function simulateRights(
  calls: AwsCalls,
  { principal, account, region }: Caller,
  asked: readonly AskedRight[],
): Promise<readonly CloudRight[]> {
  if (asked.length === 0) return [];
  try {
    const arn = await policySource(calls, principal);
    if (arn === null)
      return asked.map(({ action }) => unknown(action, 'IAM simulates nothing for this kind of caller'));
    const known = { 'aws:RequestedRegion': region, 'aws:PrincipalAccount': account, 'aws:PrincipalArn': arn };
    const rights: CloudRight[] = [];
    for (const alike of groupsOf(asked)) rights.push(...(await simulateAlike(calls, { arn, known }, alike)));
    return rights;
  } catch (error) {
    if (!(error instanceof AwsCallFailed)) throw error;
    const { permission, failure } = error;
    return asked.map(({ action }) =>
      unknown(action, `there is no dry run of it, and ${permission} failed: ${failure.name}`),
    );
  }
}

/** What is about the same thing in the same circumstances is one question. */
function groupsOf(asked: readonly AskedRight[]): readonly (readonly [AskedRight, ...AskedRight[]])[] {
  const groups: [AskedRight, ...AskedRight[]][] = [];
  for (const one of asked) {
    const group = groups.find(
      ([{ resource, context }]) => resource === one.resource && isDeepStrictEqual(context, one.context),
    );
    if (group === undefined) groups.push([one]);
    else if (!group.some(({ action }) => action === one.action)) group.push(one);
  }
  return groups;
}

function contextOf(values: Readonly<Record<string, string>>): ContextEntry[] {
  return Object.entries(values).map(([key, value]) => ({
    ContextKeyName: key,
    ContextKeyValues: [value],
    ContextKeyType: 'string',
  }));
}

async function simulateAlike(
  calls: AwsCalls,
  { arn, known }: Source,
  alike: readonly [AskedRight, ...AskedRight[]],
): Promise<readonly CloudRight[]> {
  const [{ resource, context }] = alike;
  const question = {
    PolicySourceArn: arn,
    ActionNames: alike.map(({ action }) => action),
    ContextEntries: contextOf({ ...known, ...context }),
    ...(resource === null ? {} : { ResourceArns: [resource] }),
  };
  const answer = await calls.read('iam:SimulatePrincipalPolicy', (sending) =>
    calls.clients.iam.send(new SimulatePrincipalPolicyCommand(question), sending),
  );
  const results = new Map((answer.EvaluationResults ?? []).map((one) => [one.EvalActionName, one]));
  return alike.map(({ action }) => rightOf(action, resource, results.get(action)));
}

async function policySource(calls: AwsCalls, principal: string): Promise<string | null> {
  if (USER.test(principal)) return principal;
  const role = ASSUMED.exec(principal)?.[1];
  if (role === undefined) return null;
  const answer = await calls.read('iam:GetRole', (sending) =>
    calls.clients.iam.send(new GetRoleCommand({ RoleName: role }), sending),
  );
  return answer.Role?.Arn ?? null;
}

function missingKeys(result: EvaluationResult | undefined): readonly string[] {
  const own = result?.MissingContextValues ?? [];
  const ofResources = (result?.ResourceSpecificResults ?? []).flatMap((one) => one.MissingContextValues ?? []);
  return [...new Set([...own, ...ofResources])].sort();
}

function rightOf(action: string, resource: string | null, result: EvaluationResult | undefined): CloudRight {
  const decision = result?.EvalDecision;
  if (decision === 'allowed')
    return { action, allowed: true, detail: 'allowed by the policies of the caller, as IAM simulates them' };
  if (decision !== 'explicitDeny' && decision !== 'implicitDeny') return unknown(action, 'IAM did not answer for it');
  const missing = missingKeys(result);
  if (missing.length > 0) {
    const more = missing.length > MAX_KEYS ? ' and more' : '';
    return unknown(
      action,
      `it depends on ${missing.slice(0, MAX_KEYS).join(', ')}${more}, which a simulation cannot know`,
    );
  }
  if (decision === 'explicitDeny')
    return { action, allowed: false, detail: 'denied by a policy of the caller, as IAM simulates it' };
  if (resource === null) return unknown(action, 'not allowed for all resources; whether for this one is not known');
  return { action, allowed: false, detail: `no policy of the caller allows it for ${resource}, as IAM simulates it` };
}

function unknown(action: string, detail: string): CloudRight {
  return { action, allowed: null, detail };
}
