import { DescribeSecurityGroupsCommand, ModifyInstanceAttributeCommand } from '@aws-sdk/client-ec2';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../src/lib/clock.js';
import type { CloudStep } from '../../src/model/action.js';
import type { CloudSubject } from '../../src/model/cloud.js';
import { applyPlan } from '../../src/plan/apply-plan.js';
import { type AwsPlatformOptions, createAwsPlatform } from '../../src/platforms/aws/aws-platform.js';
import type { Platform } from '../../src/ports/platform.js';
import type { RequestEnd, RequestLog, RequestStart } from '../../src/ports/request-log.js';
import { PlanBench } from '../conformance/plan-bench.js';
import { FakeActuator } from '../fakes/fake-actuator.js';
import { type Asked, FaultProxy, type Misdeed } from './fault-proxy.js';
import { type BareClients, bareClients, type Machine, makeMachine, REGION } from './machine.js';
import { FAKE_ACCOUNT, hasMoto, type Moto, needsMoto, startMoto } from './moto.js';

const HTML: Misdeed = { kind: 'page', status: 500, html: '<!doctype html><title>500</title><p>Internal Server Error' };
const PORTAL: Misdeed = {
  kind: 'page',
  status: 200,
  html: '<html><body>Please log in to the guest network</body></html>',
};
const EXPIRED: Misdeed = { kind: 'ec2-error', status: 403, code: 'ExpiredToken' };

const serviceError = (code: string): Misdeed => ({
  kind: 'ec2-error',
  status: code === 'RequestLimitExceeded' ? 503 : 403,
  code,
});

const ACTIONS = ['iam:PutRolePolicy', 'iam:DeleteRolePolicy', 'iam:PassRole'];

function answerOf(action: string, result: string): Misdeed {
  return { kind: 'page', status: 200, html: `<${action}Response>${result}</${action}Response>` };
}

const asks =
  (action: string) =>
  ({ body }: Asked): boolean =>
    body.toString().startsWith(`Action=${action}&`);

describe.skipIf(!hasMoto)(`a cloud that fails${needsMoto}`, () => {
  let moto: Moto;
  let bare: BareClients;
  let machine: Machine;
  let proxy: FaultProxy;
  let endpoint: string;
  let platform: Platform;
  let itself: CloudSubject;

  beforeAll(async () => {
    moto = await startMoto();
    bare = bareClients(moto.endpoint);
    machine = await makeMachine(bare);
  });
  afterAll(() => moto.stop());
  beforeEach(async () => {
    for (const [name, value] of Object.entries(FAKE_ACCOUNT)) vi.stubEnv(name, value);
    proxy = new FaultProxy(moto.endpoint);
    endpoint = await proxy.start();
    platform = open();
    const { instanceId: id } = machine;
    itself = { cloud: 'aws', account: '123456789012', region: REGION, type: 'instance', id, instance: id };
  });
  afterEach(async () => {
    platform.close();
    await proxy.stop();
  });

  const open = (options: Partial<AwsPlatformOptions> = {}): Platform =>
    createAwsPlatform({
      endpoint,
      variables: { ...FAKE_ACCOUNT, AWS_PROFILE: 'responder' },
      clock: systemClock,
      requestLog: null,
      signal: undefined,
      userAgent: 'exhibit/test',
      attempts: 2,
      ...options,
    });
  /** The misdeed for what matches, this many times; always without a number. */
  const misbehave = (matches: (asked: Asked) => boolean, misdeed: Misdeed, times = Infinity): void => {
    let left = times;
    proxy.decide = (asked) => {
      if (left <= 0 || !matches(asked)) return null;
      left -= 1;
      return misdeed;
    };
  };
  const everything = (): boolean => true;
  const sent = (action: string): number => proxy.asked.filter(asks(action)).length;
  const group = (name: string): CloudSubject => ({ ...itself, type: 'security-group', id: `${machine.vpc}/${name}` });
  const rules = (name: string) => ({ vpc: machine.vpc, name, ingress: ['tcp 10250 10.7.0.0/16'], egress: [] });
  const make = async (name: string) =>
    await platform.actuator.set('quarantine-group', group(name), {
      ...{ from: null, view: rules(name), caseToken: 'casetoken7', plan: '1' },
    });
  const lookAt = async (name: string) => await platform.actuator.look('quarantine-group', group(name), rules(name));
  const protect = async () =>
    await platform.actuator.set('termination-protection', itself, {
      ...{ from: { isProtected: false }, view: { isProtected: true }, caseToken: 'casetoken7', plan: '1' },
    });

  it.each<readonly [string, Misdeed, string]>([
    ['an HTML page with 500', HTML, 'PLATFORM_UNREACHABLE'],
    ['a portal that answers everything with 200', PORTAL, 'PLATFORM_UNREACHABLE'],
    ['a cut connection', { kind: 'cut' }, 'PLATFORM_UNREACHABLE'],
    ['credentials that have expired', EXPIRED, 'PLATFORM_UNAUTHENTICATED'],
  ])('says who answers for AWS: %s', async (_, misdeed, code) => {
    misbehave(everything, misdeed);
    await expect(platform.identity()).rejects.toMatchObject({ code });
    proxy.decide = () => null;
    expect((await platform.identity()).account).toBe('123456789012');
  });

  it('names the command that logs in', async () => {
    misbehave(everything, EXPIRED);
    await expect(platform.identity()).rejects.toMatchObject({
      exitCode: 20,
      hints: ['aws sso login --profile responder', 'aws sts get-caller-identity --profile responder'],
    });
  });

  it('sends nothing without credentials, and where nobody listens', async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', undefined);
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', undefined);
    await expect(open().identity()).rejects.toMatchObject({ code: 'PLATFORM_UNAUTHENTICATED' });
    expect(proxy.asked).toEqual([]);
    for (const [name, value] of Object.entries(FAKE_ACCOUNT)) vi.stubEnv(name, value);
    await expect(open({ endpoint: 'http://127.0.0.1:1' }).identity()).rejects.toMatchObject({
      code: 'PLATFORM_UNREACHABLE',
    });
  });

  it.each([
    ['DescribeNetworkInterfaces', 'elastic addresses and branch interfaces are unknown'],
    ['DescribeVolumes', 'size, encryption and tags of the volumes are unknown'],
    ['DescribeInstanceTypes', 'whether the machine has disks that no snapshot can take is unknown'],
    ['DescribeAutoScalingInstances', 'whether a scaling group may end the machine is unknown'],
    ['DescribeTargetGroups', 'target groups of load balancers are unknown'],
    ['DescribeLoadBalancers', 'classic load balancers are unknown'],
    ['GetInstanceProfile', 'the role of the instance profile'],
  ])('says what is missing where %s is denied, and reads the rest', async (action, gap) => {
    misbehave(asks(action), serviceError('UnauthorizedOperation'));
    const { gaps, interfaces } = await platform.instanceOf(machine.node);
    expect(gaps).toEqual([expect.stringContaining(gap)]);
    expect(gaps[0]).toMatch(new RegExp(`AWS does not allow \\w+:${action} \\(`));
    expect(interfaces.map(({ id, groups }) => ({ id, groups }))).toEqual(machine.interfaces);
  });

  it('throws where the machine itself may not be read', async () => {
    misbehave(asks('DescribeInstances'), serviceError('UnauthorizedOperation'));
    await expect(platform.instanceOf(machine.node)).rejects.toMatchObject({
      code: 'PLATFORM_DENIED',
      message: expect.stringContaining('ec2:DescribeInstances') as string,
    });
  });

  it('takes an answer without the instance for no answer, and never for a machine that is gone', async () => {
    misbehave(asks('DescribeInstances'), PORTAL);
    await expect(platform.instanceOf(machine.node)).rejects.toMatchObject({ code: 'PLATFORM_UNREACHABLE' });
    expect(await platform.actuator.look('termination-protection', itself, { isProtected: true })).toMatchObject({
      state: 'unreadable',
    });
  });

  it('makes one group although the answer to its making was lost, and goes on with it', async () => {
    misbehave(asks('CreateSecurityGroup'), { kind: 'cut', forward: true });
    expect(await make('lost')).toMatchObject({ outcome: 'unknown' });
    expect(sent('CreateSecurityGroup')).toBe(1);
    proxy.decide = () => null;
    expect(await lookAt('lost')).toMatchObject({ state: 'there', view: null });
    expect(await make('lost')).toMatchObject({ outcome: 'done' });
    expect(await lookAt('lost')).toMatchObject({ state: 'there', view: rules('lost') });
    expect(sent('CreateSecurityGroup')).toBe(1);
    const { SecurityGroups: found = [] } = await bare.ec2.send(
      new DescribeSecurityGroupsCommand({ Filters: [{ Name: 'group-name', Values: ['lost'] }] }),
    );
    expect(found).toHaveLength(1);
  });

  it.each(['AuthorizeSecurityGroupIngress', 'RevokeSecurityGroupEgress'])(
    'counts a group as not made when %s is refused between two calls, and finishes it',
    async (action) => {
      misbehave(asks(action), serviceError('UnauthorizedOperation'));
      expect(await make(action)).toMatchObject({ outcome: 'unknown' });
      expect(await lookAt(action)).toMatchObject({ state: 'there', view: null });
      proxy.decide = () => null;
      expect(await make(action)).toMatchObject({ outcome: 'done' });
      expect(await lookAt(action)).toMatchObject({ view: rules(action) });
    },
  );

  it.each<readonly [string, Misdeed, object]>([
    ['a lost answer', { kind: 'cut', forward: true }, { outcome: 'unknown' }],
    ['an HTML page with 500', HTML, { outcome: 'unknown' }],
    ['a refusal', serviceError('UnauthorizedOperation'), { outcome: 'refused', isDenied: true }],
    ['another refusal', serviceError('IncorrectState'), { outcome: 'refused' }],
  ])('says of a change after %s what is known, and sends it once', async (_, misdeed, answer) => {
    misbehave(asks('ModifyInstanceAttribute'), misdeed);
    expect(await protect()).toMatchObject(answer);
    expect(sent('ModifyInstanceAttribute')).toBe(1);
  });

  it('repeats after "too many calls" what may be repeated', async () => {
    misbehave(asks('ModifyInstanceAttribute'), serviceError('RequestLimitExceeded'), 1);
    expect(await protect()).toMatchObject({ outcome: 'done' });
    expect(sent('ModifyInstanceAttribute')).toBe(2);
    misbehave(asks('CreateSecurityGroup'), serviceError('RequestLimitExceeded'), 1);
    expect(await make('throttled')).toMatchObject({ outcome: 'refused', isDenied: false });
    expect(sent('CreateSecurityGroup')).toBe(1);
  });

  it('sends a change again that was refused for the time of its signature, once', async () => {
    misbehave(asks('ModifyInstanceAttribute'), serviceError('RequestExpired'), 1);
    expect(await protect()).toMatchObject({ outcome: 'done' });
    expect(sent('ModifyInstanceAttribute')).toBe(2);
    misbehave(asks('ModifyInstanceAttribute'), serviceError('RequestExpired'));
    await expect(protect()).rejects.toMatchObject({ code: 'PLATFORM_UNAUTHENTICATED' });
    expect(sent('ModifyInstanceAttribute')).toBe(4);
  });

  it('waits a little until a change is told of, and has made it once', async () => {
    const was = await platform.actuator.look('shutdown-behaviour', itself, { onShutdown: 'stop' });
    const from = was.state === 'there' ? was.view : null;
    const stale = {
      kind: 'body',
      change: (body: Buffer) => Buffer.from(body.toString().replace('terminate', 'stop')),
    } as const;
    misbehave(asks('DescribeInstanceAttribute'), stale, 2);
    const change = { from, view: { onShutdown: 'terminate' }, caseToken: 'casetoken7', plan: '1' };
    expect(await platform.actuator.set('shutdown-behaviour', itself, change)).toMatchObject({ outcome: 'done' });
    expect(sent('DescribeInstanceAttribute')).toBe(4);
    expect(await platform.actuator.look('shutdown-behaviour', itself, { onShutdown: 'stop' })).toMatchObject({
      view: { onShutdown: 'terminate' },
    });
    expect(sent('ModifyInstanceAttribute')).toBe(1);
  });

  it('stops when the credentials expire in the middle, with nothing done', async () => {
    await platform.identity();
    misbehave(everything, serviceError('ExpiredToken'));
    await expect(protect()).rejects.toMatchObject({ code: 'PLATFORM_UNAUTHENTICATED' });
    await expect(platform.actuator.look('termination-protection', itself, { isProtected: true })).rejects.toMatchObject(
      { code: 'PLATFORM_UNAUTHENTICATED' },
    );
  });

  it('goes on with a plan after the credentials expired between two of its steps, and does nothing twice', async () => {
    const bench = new PlanBench();
    const of = { phase: 'protect', subject: itself, needs: [], reversibility: 'exact', undo: '' } as const;
    const steps: readonly CloudStep[] = [
      {
        ...{ ...of, step: 1, name: 'shutdown-behaviour', kind: 'shutdown-behaviour' },
        ...{ before: { onShutdown: 'stop' }, intended: { onShutdown: 'terminate' } },
      },
      {
        ...{ ...of, step: 2, name: 'termination-protection', kind: 'termination-protection' },
        ...{ before: { isProtected: false }, intended: { isProtected: true } },
      },
    ];
    const unprotected = new ModifyInstanceAttributeCommand({
      ...{ InstanceId: machine.instanceId, DisableApiTermination: { Value: false } },
    });
    // moto knows this attribute in this form alone.
    const stopping = new ModifyInstanceAttributeCommand({
      ...{ InstanceId: machine.instanceId, Attribute: 'instanceInitiatedShutdownBehavior', Value: 'stop' },
    });
    // Whatever a test before this one left.
    for (const command of [unprotected, stopping]) await bare.ec2.send(command);
    try {
      const tools = {
        actuator: new FakeActuator().actuator,
        cloud: { actuator: platform.actuator, caseToken: 'casetoken7' },
      };
      const { journal, deps } = await bench.start(tools);
      const target = { name: 'node worker', uids: ['u'], clusterUid: 'c', level: 'hold', asked: '' } as const;
      await journal.begin('p1', target, steps);
      await platform.identity();
      misbehave(({ body }) => body.toString().includes('DisableApiTermination'), EXPIRED);
      await expect(applyPlan('p1', deps)).rejects.toMatchObject({ code: 'PLATFORM_UNAUTHENTICATED' });
      expect((await bench.openJournal()).plan('p1')?.steps.map(({ state }) => state)).toEqual(['done', 'started']);
      proxy.decide = () => null;
      const after = await applyPlan('p1', (await bench.start(tools)).deps);
      expect(after.map(({ outcome }) => outcome)).toEqual(['held', 'applied']);
      const changes = proxy.asked.filter(asks('ModifyInstanceAttribute')).map(({ body }) => body.toString());
      expect(changes.filter((body) => /InstanceInitiatedShutdownBehavior/i.test(body))).toHaveLength(1);
    } finally {
      await bench.close();
      for (const command of [unprotected, stopping]) await bare.ec2.send(command);
    }
  });

  it('says of a quota that is exceeded that nothing was made, and of what', async () => {
    misbehave(asks('CreateSecurityGroup'), { kind: 'ec2-error', status: 400, code: 'SecurityGroupLimitExceeded' });
    const answer = await make('quota');
    expect(answer).toMatchObject({ outcome: 'refused', isDenied: false });
    expect(JSON.stringify(answer)).toContain('SecurityGroupLimitExceeded');
    expect(sent('CreateSecurityGroup')).toBe(1);
    proxy.decide = () => null;
    expect(await lookAt('quota')).toMatchObject({ state: 'there', view: null });
  });

  it('has a right that a dry run denies, and none that IAM does not tell', async () => {
    const instance = await platform.instanceOf(machine.node);
    misbehave(asks('ModifyInstanceAttribute'), serviceError('UnauthorizedOperation'));
    const rights = await platform.rights(instance, ['keep-volume', 'scale-in-protection']);
    expect(rights.map(({ action, allowed }) => [action, allowed])).toEqual([
      ['autoscaling:SetInstanceProtection', null],
      ['ec2:ModifyInstanceAttribute', false],
    ]);
  });

  it('asks IAM about what has no dry run, of the role behind a session', async () => {
    const instance = await platform.instanceOf(machine.node);
    const session = `arn:aws:sts::123456789012:assumed-role/${machine.role}/me`;
    const who = `<GetCallerIdentityResult><Arn>${session}</Arn><Account>123456789012</Account></GetCallerIdentityResult>`;
    const decisions = ['allowed', 'explicitDeny', 'implicitDeny'].map(
      (decision, index) =>
        `<member><EvalActionName>${ACTIONS[index] ?? ''}</EvalActionName><EvalDecision>${decision}</EvalDecision></member>`,
    );
    const simulated = `<SimulatePrincipalPolicyResult><EvaluationResults>${decisions.join('')}</EvaluationResults></SimulatePrincipalPolicyResult>`;
    proxy.decide = (asked) => {
      if (asks('GetCallerIdentity')(asked)) return answerOf('GetCallerIdentity', who);
      return asks('SimulatePrincipalPolicy')(asked) ? answerOf('SimulatePrincipalPolicy', simulated) : null;
    };
    platform = open();
    const rights = await platform.rights(instance, ['deny-sessions', 'instance-profile']);
    expect(Object.fromEntries(rights.map(({ action, allowed }) => [action, allowed]))).toEqual({
      'ec2:AssociateIamInstanceProfile': null,
      'ec2:DisassociateIamInstanceProfile': null,
      'iam:DeleteRolePolicy': false,
      'iam:PassRole': false,
      'iam:PutRolePolicy': true,
    });
    const role = `arn:aws:iam::123456789012:role/${machine.role}`;
    const questions = proxy.asked
      .filter(asks('SimulatePrincipalPolicy'))
      .map(({ body }) => new URLSearchParams(body.toString()));
    expect(questions.map((one) => [one.get('PolicySourceArn'), one.get('ResourceArns.member.1')])).toEqual([
      [role, role],
      [role, instance.arn],
      [role, role],
    ]);
    expect([...(questions[1]?.values() ?? [])]).toContain('aws:ResourceTag/Name');
    expect([...(questions[2]?.values() ?? [])]).toContain('iam:PassedToService');
  });

  it('writes each request down before it is sent, with its id, and no credential', async () => {
    const begun: RequestStart[] = [];
    const ended: RequestEnd[] = [];
    const requestLog: RequestLog = {
      begin: (start) => begun.push(start),
      end: (seq, end) => {
        ended[seq - 1] = end;
      },
    };
    vi.stubEnv('AWS_SESSION_TOKEN', 'SessionTokenOfTheCaller');
    platform = open({ requestLog });
    misbehave(asks('DescribeVolumes'), { kind: 'cut' }, 1);
    await platform.identity();
    await platform.instanceOf(machine.node);
    await protect();
    expect(begun).toHaveLength(proxy.asked.length);
    expect(begun.map(({ method, url }) => [method, url.split('#')[0]])).toEqual(
      proxy.asked.map(() => ['POST', `${endpoint}/`]),
    );
    const [first] = begun;
    expect(first?.url).toMatch(/#Action=GetCallerIdentity&/);
    expect(first?.auditIdSent).toMatch(/^[0-9a-f-]{36}$/);
    const lost = begun.findIndex(({ url }) => url.includes('Action=DescribeVolumes'));
    expect(ended[lost]).toMatchObject({ status: null, error: 'ECONNRESET' });
    expect(ended.filter((_, index) => index !== lost).every(({ status, sha256 }) => status === 200 && sha256)).toBe(
      true,
    );
    expect(ended[0]?.auditIdAnswered).toMatch(/^[\w-]{8,}$/);
    expect(JSON.stringify([begun, ended])).not.toMatch(/testing|SessionTokenOfTheCaller|Signature|Credential/);
  });
});
