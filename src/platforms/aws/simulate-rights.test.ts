import type { EvaluationResult } from '@aws-sdk/client-iam';
import { describe, expect, it } from 'vitest';
import type { CloudInstance } from '../../ports/platform.js';
import { type AskedRight, askedRights } from './asked-rights.js';
import type { AwsCalls } from './aws-calls.js';
import { simulateRights } from './simulate-rights.js';

const USER = 'arn:aws:iam::123456789012:user/me';
const ROLE = 'arn:aws:iam::123456789012:role/nodes/worker';
const GROUP = 'arn:aws:autoscaling:eu-central-1:123456789012:autoScalingGroup:u-u-i-d:autoScalingGroupName/workers';
const INSTANCE = {
  ...{ account: '123456789012', region: 'eu-central-1', arn: 'arn:instance', tags: { team: 'shop' } },
  ...{ roleName: 'worker', roleArn: ROLE, profileArn: 'arn:profile', interfaces: [{ vpc: 'vpc-1' }, { vpc: 'vpc-1' }] },
  scaling: { group: 'workers', arn: GROUP, tags: { 'kubernetes.io/cluster/c': 'owned' } },
} as unknown as CloudInstance;
const PUT: AskedRight = { action: 'iam:PutRolePolicy', resource: ROLE, context: {} };

interface Question {
  readonly ActionNames: string[];
  readonly ResourceArns?: string[];
  readonly ContextEntries: { ContextKeyName: string; ContextKeyValues: string[] }[];
}

/** IAM as it answers each question. */
function iam(answer: (question: Question) => EvaluationResult[]) {
  const questions: Question[] = [];
  const send = ({ input }: { input: Question }) => {
    questions.push(input);
    return Promise.resolve({ EvaluationResults: answer(input) });
  };
  const calls = {
    clients: { iam: { send } },
    read: async (_: string, ask: (sending: object) => unknown) => await ask({}),
  };
  const ask = async (asked: readonly AskedRight[], principal = USER) =>
    await simulateRights(
      calls as unknown as AwsCalls,
      { principal, account: '123456789012', region: 'eu-central-1' },
      asked,
    );
  return { ask, questions };
}
const decided = (decision: EvaluationResult['EvalDecision'], more: Partial<EvaluationResult> = {}) =>
  iam(({ ActionNames }) => ActionNames.map((name) => ({ EvalActionName: name, EvalDecision: decision, ...more })));

describe('a right that has no dry run', () => {
  it.each<readonly [string, Parameters<typeof decided>, AskedRight, boolean | null]>([
    ['is there when it is allowed', ['allowed'], PUT, true],
    ['is missing when it is denied', ['explicitDeny'], PUT, false],
    ['is missing when nothing allows it for that thing', ['implicitDeny'], PUT, false],
    ['is not known when nothing allows it for all things', ['implicitDeny'], { ...PUT, resource: null }, null],
    ['is not known when it depends on more', ['implicitDeny', { MissingContextValues: ['aws:SourceIp'] }], PUT, null],
    [
      'is not known when a denial depends on more, which IAM says of the thing',
      [
        'explicitDeny',
        {
          ResourceSpecificResults: [
            {
              ...{ EvalResourceName: ROLE, EvalResourceDecision: 'explicitDeny' },
              MissingContextValues: ['aws:MultiFactorAuthPresent'],
            },
          ],
        },
      ],
      PUT,
      null,
    ],
    ['is not known when IAM says something new', ['perhaps' as 'allowed'], PUT, null],
  ])('%s', async (_, answer, asked, allowed) => {
    expect(await decided(...answer).ask([asked])).toMatchObject([{ action: asked.action, allowed }]);
  });

  it('is not known when IAM leaves it out, or simulates nothing for the caller', async () => {
    expect(await iam(() => []).ask([PUT])).toMatchObject([{ allowed: null }]);
    const { ask, questions } = decided('allowed');
    expect(await ask([PUT], 'arn:aws:iam::123456789012:root')).toMatchObject([{ allowed: null }]);
    expect(questions).toEqual([]);
  });

  it('is asked about for the thing that is meant, with its tags, once for what is about the same', async () => {
    const { ask, questions } = decided('allowed');
    const kinds = [
      'scale-in-protection',
      'group-membership',
      'quarantine-group',
      'instance-profile',
      'deny-sessions',
    ] as const;
    const rights = await ask(askedRights(kinds, INSTANCE));
    expect(new Set(rights.map(({ action }) => action)).size).toBe(rights.length);
    const seen = questions.map(({ ResourceArns: [resource] = [], ActionNames: names, ContextEntries: entries }) => {
      const of = entries.map(({ ContextKeyName: key, ContextKeyValues: [value] }) => `${key}=${value ?? ''}`);
      expect(of.slice(0, 3)).toEqual([
        'aws:RequestedRegion=eu-central-1',
        'aws:PrincipalAccount=123456789012',
        `aws:PrincipalArn=${USER}`,
      ]);
      return [resource, names.length, of.slice(3).find((one) => /Tag|Passed/.test(one))];
    });
    const newGroup = 'arn:aws:ec2:eu-central-1:123456789012:security-group/sg-00000000000000000';
    expect(seen).toEqual([
      [GROUP, 5, 'aws:ResourceTag/kubernetes.io/cluster/c=owned'],
      [newGroup, 1, 'aws:RequestTag/kubexhibit.dev/case=dry-run'],
      [newGroup, 5, 'aws:ResourceTag/kubexhibit.dev/case=dry-run'],
      ['arn:instance', 2, 'aws:ResourceTag/team=shop'],
      [ROLE, 1, 'iam:PassedToService=ec2.amazonaws.com'],
      [ROLE, 2, undefined],
    ]);
  });

  it('is not asked about for what the machine does not have, and for all things where it could not be read', async () => {
    const bare = { ...INSTANCE, scaling: null, roleName: null, roleArn: null, profileArn: null };
    expect(askedRights(['scale-in-protection', 'group-membership', 'instance-profile', 'deny-sessions'], bare)).toEqual(
      [],
    );
    const { ask, questions } = decided('implicitDeny');
    const unread = { ...INSTANCE, roleArn: null };
    expect((await ask(askedRights(['deny-sessions'], unread))).map(({ allowed }) => allowed)).toEqual([null, null]);
    expect(questions.map(({ ResourceArns: of }) => of)).toEqual([undefined]);
  });
});
