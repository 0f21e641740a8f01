import { GetRoleCommand, SimulatePrincipalPolicyCommand } from '@aws-sdk/client-iam';
import type { CloudRight } from '../../ports/platform.js';
import { AwsCallFailed, type AwsCalls } from './aws-calls.js';

const ASSUMED = /^arn:aws[a-z-]{0,12}:sts::\d{12}:assumed-role\/([\w+=,.@-]{1,64})\//;
const USER = /^arn:aws[a-z-]{0,12}:iam::\d{12}:user\//;

/**
 * Asks IAM what the caller's policies say of actions that have no dry run. For all resources at once, since a policy that names some would
 * have to be asked about those: only what is allowed for all, or denied outright, is an answer.
 */
export async function simulateRights(
  calls: AwsCalls,
  principal: string,
  actions: readonly string[],
): Promise<readonly CloudRight[]> {
  if (actions.length === 0) return [];
  try {
    const source = await policySource(calls, principal);
    if (source === null)
      return actions.map((action) => unknown(action, 'IAM simulates nothing for this kind of caller'));
    const answer = await calls.read('iam:SimulatePrincipalPolicy', (sending) =>
      calls.clients.iam.send(
        new SimulatePrincipalPolicyCommand({ PolicySourceArn: source, ActionNames: [...actions] }),
        sending,
      ),
    );
    const decisions = new Map(
      (answer.EvaluationResults ?? []).map(({ EvalActionName: name, EvalDecision: decision }) => [name, decision]),
    );
    return actions.map((action) => rightOf(action, decisions.get(action)));
  } catch (error) {
    if (!(error instanceof AwsCallFailed)) throw error;
    const { permission, failure } = error;
    return actions.map((action) =>
      unknown(action, `there is no dry run of it, and ${permission} failed: ${failure.name}`),
    );
  }
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

function rightOf(action: string, decision: string | undefined): CloudRight {
  if (decision === 'allowed')
    return { action, allowed: true, detail: 'allowed by the policies of the caller, as IAM simulates them' };
  if (decision === 'explicitDeny')
    return { action, allowed: false, detail: 'denied by a policy of the caller, as IAM simulates it' };
  return unknown(action, 'not allowed for all resources; whether for this one is not known');
}

function unknown(action: string, detail: string): CloudRight {
  return { action, allowed: null, detail };
}
