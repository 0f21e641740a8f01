import {
  DeleteRolePolicyCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { type AwsCalls, isFailure } from '../aws-calls.js';
import { denyPolicy, parseDenyPolicy } from '../deny-policy.js';
import { type AwsKind, DONE, there } from './aws-kind.js';

const NO_ENTITY = /^NoSuchEntity/;

/** An inline policy of the role. IAM is eventually consistent: what was read back holds everywhere after seconds. */
export const denySessions: AwsKind<'deny-sessions'> = {
  gone: NO_ENTITY,
  look: async ({ calls, subject }, like) => {
    if (like === null) return { state: 'unreadable', detail: 'no policy was named' };
    const { policyName } = like;
    const document = await readPolicy(calls, subject.id, policyName);
    if (document === null) {
      // Without the role there is no policy of it either, and IAM says the same of both.
      await calls.read('iam:GetRole', (sending) =>
        calls.clients.iam.send(new GetRoleCommand({ RoleName: subject.id }), sending),
      );
      return there(null);
    }
    const denial = parseDenyPolicy(document);
    return there({ policyName, ...(denial ?? { instance: 'none: it is another policy', issuedBeforeAt: '' }) });
  },
  set: async ({ calls, subject }, { from, view, dryRun }) => {
    if (dryRun) return DONE;
    const { iamOnce } = calls.clients;
    if (view !== null) {
      const named = { RoleName: subject.id, PolicyName: view.policyName, PolicyDocument: denyPolicy(view) };
      await calls.change('iam:PutRolePolicy', () => iamOnce.send(new PutRolePolicyCommand(named)), {
        idempotent: true,
      });
      return DONE;
    }
    if (from === null) return DONE;
    const named = { RoleName: subject.id, PolicyName: from.policyName };
    await calls.change('iam:DeleteRolePolicy', () => iamOnce.send(new DeleteRolePolicyCommand(named)), {
      idempotent: true,
    });
    return DONE;
  },
};

async function readPolicy(calls: AwsCalls, role: string, policy: string): Promise<string | null> {
  try {
    const answer = await calls.read('iam:GetRolePolicy', (sending) =>
      calls.clients.iam.send(new GetRolePolicyCommand({ RoleName: role, PolicyName: policy }), sending),
    );
    return answer.PolicyDocument ?? '';
  } catch (error) {
    if (isFailure(error, NO_ENTITY)) return null;
    throw error;
  }
}
