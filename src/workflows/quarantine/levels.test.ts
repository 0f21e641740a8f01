import { describe, expect, it } from 'vitest';
import type { CloudInstance } from '../../ports/platform.js';
import { foreseeMachines } from './foresee-machines.js';
import type { Machine } from './machines.js';
import { planSteps } from './plan-steps.js';
import type { QuarantineRequest } from './quarantine-request.js';
import type { Scene, Suspect } from './read-scene.js';
import { refuseUnreachable } from './refuse-level.js';

const NAMES = { caseToken: 'k7m2p9', plan: 'p1', deniedBefore: '2026-01-02T00:00:00.000Z' };
const GROUP = 'vpc-1/exhibit-quarantine-k7m2p9-p1';
const INSTANCE: CloudInstance = {
  ...{ cloud: 'aws', account: '123456789012', region: 'eu-central-1', zone: 'eu-central-1a', id: 'i-1' },
  ...{ arn: 'arn:aws:ec2:eu-central-1:123456789012:instance/i-1', state: 'running', launchedAt: '', instanceType: '' },
  ...{ isSpot: false, instanceStores: 0, terminationProtection: false, onShutdown: 'terminate' },
  interfaces: ['eni-1', 'eni-2', 'eni-3'].map((id, deviceIndex) => ({
    ...{ id, deviceIndex, vpc: 'vpc-1', subnet: 'subnet-1', groups: [`sg-${id}`, 'sg-all'], type: 'interface' },
    ...{ privateAddresses: [], publicAddress: null, allocationId: null, hasIpv6: false, vpcNetworks: ['10.0.0.0/16'] },
  })),
  volumes: [
    ['vol-1', true],
    ['vol-2', false],
  ].map(([id, deleteOnTermination], at) => ({
    ...{ id: String(id), deviceName: `/dev/sd${String(at)}`, sizeBytes: 1, isRoot: at === 0, isEncrypted: true },
    ...{ kmsKeyId: null, deleteOnTermination: deleteOnTermination === true, tags: {} },
  })),
  ...{ profileArn: 'arn:profile', roleName: 'worker' },
  metadataService: { isEnabled: true, tokens: 'required', hopLimit: 2 },
  scaling: { group: 'workers', lifecycle: 'InService', isProtected: false, desired: 3, min: 1, max: 5 },
  ...{ balancers: ['target-group web'], managedBy: 'scaling-group', tags: {}, gaps: [], requestIds: [] },
};
const machineOf = (more: Partial<CloudInstance> = {}, node = 'worker'): Machine => ({
  ...{ node, why: '' },
  instance: { ...INSTANCE, ...more },
});
const SUSPECT: Suspect = {
  ...{ namespace: 'shop', name: 'cart', uid: 'u-pod', node: 'worker', kind: 'bare', owner: null },
  object: { metadata: { labels: { app: 'cart' } }, spec: {} },
  ...{ ownerSelector: undefined, services: [], moreServices: 0, selectorKeys: ['app'] },
};
const SCENE: Scene = {
  clusterUid: 'c',
  nodes: [{ name: 'worker', uid: 'u-node', object: {} }],
  suspects: [SUSPECT],
  policies: new Map(),
};
type Asked = Partial<QuarantineRequest>;
const planOf = (request: Asked, machines: readonly Machine[] = [machineOf()]) =>
  planSteps({ target: 'node', skip: [], ...request }, { scene: SCENE, machines }, NAMES);
const namesOf = (request: Asked, machines?: readonly Machine[]) => planOf(request, machines).map(({ name }) => name);
const PROTECT = ['termination-protection', 'shutdown-behaviour', 'keep-volume', 'scale-in-protection'];
const NETWORK = ['standby', 'quarantine-group', 'interface-groups', 'interface-groups', 'interface-groups'];
const OBJECTS = ['annotate-node', 'annotate-pod', 'cordon', 'taint'];
const RIGHTS = ['metadata-service', 'instance-profile', 'deny-sessions'];

describe('a level', () => {
  it('hold protects the machine first, each disk that would go with it, and leaves its network alone', () => {
    expect(namesOf({})).toEqual([...PROTECT, ...OBJECTS, 'deny-policy', 'detach']);
    expect(namesOf({}, [])).toEqual([...OBJECTS, 'deny-policy', 'detach']);
  });

  it('isolate takes the machine out of its group before its network, and puts one group on each interface', () => {
    const steps = planOf({ level: 'isolate' });
    expect(steps.map(({ name }) => name)).toEqual([...PROTECT, ...OBJECTS, 'deny-policy', 'detach', ...NETWORK]);
    const [standby, group, ...interfaces] = steps.slice(-5);
    expect(standby?.intended).toEqual({ group: 'workers', state: 'standby', decrementsDesired: true });
    expect(group?.intended).toMatchObject({
      ingress: ['tcp 10250 10.0.0.0/16'],
      egress: ['tcp 443 10.0.0.0/16', 'tcp 6443 10.0.0.0/16'],
    });
    expect(interfaces.map(({ before, intended, needs }) => ({ before, intended, needs }))).toEqual(
      ['eni-1', 'eni-2', 'eni-3'].map((id) => ({
        before: { groups: ['sg-all', `sg-${id}`] },
        intended: { groups: [GROUP] },
        needs: [standby?.step, group?.step],
      })),
    );
  });

  it('isolate keeps the networks that were named instead of its own, with ssh', () => {
    const steps = planOf({ level: 'isolate', keepReachable: ['192.0.2.0/24'] });
    expect(steps.find(({ name }) => name === 'quarantine-group')?.intended).toMatchObject({
      ingress: ['tcp 10250 192.0.2.0/24', 'tcp 22 192.0.2.0/24'],
      egress: ['tcp 443 192.0.2.0/24', 'tcp 6443 192.0.2.0/24'],
    });
  });

  it('isolate is refused where nobody could reach the machine afterwards', () => {
    const unread = machineOf({ interfaces: INSTANCE.interfaces.map(({ vpcNetworks: _unread, ...rest }) => rest) });
    const request: QuarantineRequest = {
      ...{ target: 'node', names: ['worker'], suspects: [], skip: [], maxNodes: 1, allowedNodes: [] },
      level: 'isolate',
    };
    expect(() => refuseUnreachable(request, [unread])).toThrow('node worker is not known');
    expect(() => refuseUnreachable({ ...request, keepReachable: ['10.0.0.0/8'] }, [unread])).not.toThrow();
    expect(() => refuseUnreachable({ ...request, level: 'sever' }, [unread])).not.toThrow();
    expect(() => refuseUnreachable(request, [{ node: 'worker', instance: null, why: 'none' }])).not.toThrow();
  });

  it('sever allows nothing, and takes the way to new credentials before it denies those that are out', () => {
    const steps = planOf({ level: 'sever' });
    expect(steps.slice(-8).map(({ name }) => name)).toEqual([...NETWORK, ...RIGHTS]);
    expect(steps.find(({ name }) => name === 'quarantine-group')?.intended).toMatchObject({ ingress: [], egress: [] });
    expect(steps.at(-1)).toMatchObject({
      subject: { type: 'role', id: 'worker', instance: 'i-1' },
      before: null,
      intended: { instance: INSTANCE.arn, issuedBeforeAt: NAMES.deniedBefore },
    });
  });

  it('comes in the order that was asked for, and sever is last in either', () => {
    const early = ['deny-policy', 'detach', ...NETWORK];
    expect(namesOf({ level: 'isolate', order: 'contain-first' })).toEqual([...early, ...PROTECT, ...OBJECTS]);
    expect(namesOf({ level: 'sever', order: 'contain-first' }).slice(-8)).toEqual([...NETWORK, ...RIGHTS]);
  });

  it('makes one group for two machines in one network', () => {
    const second = machineOf({ id: 'i-2', scaling: null }, 'worker-2');
    const names = namesOf({ level: 'isolate' }, [machineOf(), second]);
    expect(names.filter((name) => name === 'quarantine-group')).toHaveLength(1);
    expect(names.filter((name) => name === 'interface-groups')).toHaveLength(6);
  });

  it('takes a machine out of the balancers that no scaling group put it into before its network', () => {
    const ids = ['10.0.0.7', 'i-1'];
    const balanced = machineOf({
      registrations: [
        { type: 'target-group', id: 'arn:tg', ids, targets: ['10.0.0.7 8080'] },
        { type: 'classic-balancer', id: 'web' },
      ],
    });
    expect(namesOf({}, [balanced])).not.toContain('leave-balancer');
    const steps = planOf({ level: 'isolate' }, [balanced]);
    expect(steps.slice(-7).map(({ name }) => name)).toEqual(['leave-balancer', 'leave-balancer', ...NETWORK]);
    expect(steps.filter(({ name }) => name === 'leave-balancer')).toMatchObject([
      { before: { ids, targets: ['10.0.0.7 8080'] }, intended: { ids, targets: [] } },
      { before: { isRegistered: true }, intended: { isRegistered: false } },
    ]);
    const { sideEffects, notAchieved } = foreseeMachines([balanced], steps, { cloud: 'aws' });
    expect(sideEffects).toContain('node worker is taken out of arn:tg, web');
    expect(notAchieved).toContain('node worker: a controller of load balancers may register it again');
  });

  it('suspends what may end a machine in its scaling group once, only when asked, and says that it is all of it', () => {
    const endings = { all: ['AZRebalance', 'Terminate'], suspended: ['AZRebalance'] };
    const scaling = { ...(INSTANCE.scaling ?? never()), endings };
    const both = [machineOf({ scaling }), machineOf({ scaling, id: 'i-2' }, 'worker-2')];
    expect(namesOf({}, both)).not.toContain('suspend-processes');
    const steps = planOf({ suspendScaling: true }, both);
    expect(steps.filter(({ name }) => name === 'suspend-processes')).toMatchObject([
      {
        ...{ phase: 'protect', reversibility: 'exact', subject: { type: 'scaling-group', id: 'workers' } },
        before: { group: 'workers', suspended: ['AZRebalance'] },
        intended: { group: 'workers', suspended: ['AZRebalance', 'Terminate'] },
      },
    ]);
    const { sideEffects, notAchieved } = foreseeMachines(both, steps, { cloud: 'aws' });
    expect(sideEffects).toEqual([
      'scaling group workers as a whole ends and replaces none of its machines until the release: Terminate are suspended',
    ]);
    expect(notAchieved.join()).not.toContain('when it finds it unhealthy');
    expect(namesOf({ suspendScaling: true, skip: ['suspend-processes'] }, both)).not.toContain('suspend-processes');
    expect(namesOf({ suspendScaling: true })).not.toContain('suspend-processes');
  });

  it('makes no step of what is so already, could not be read, was skipped, or rests on what was', () => {
    const already = machineOf({ terminationProtection: null, onShutdown: null, volumes: [], scaling: null });
    expect(namesOf({}, [already])).toEqual([...OBJECTS, 'deny-policy', 'detach']);
    const names = namesOf({ level: 'isolate', skip: ['quarantine-group'] });
    expect(names).not.toContain('interface-groups');
    const standby = machineOf({ scaling: { ...(INSTANCE.scaling ?? never()), lifecycle: 'Standby' } });
    expect(namesOf({ level: 'isolate' }, [standby])).not.toContain('standby');
  });
});

function never(): never {
  throw new Error('the example is in a group');
}

describe('what is foreseen of machines', () => {
  const foresee = (request: Asked, machine = machineOf()) => {
    const { sideEffects, notAchieved } = foreseeMachines([machine], planOf(request, [machine]), { cloud: 'aws' });
    return { effects: sideEffects.join('\n'), open: notAchieved.join('\n') };
  };

  it('is whether the group starts another machine, and who gets no traffic any more', () => {
    expect(foresee({ level: 'isolate' }).effects).toContain('wants 2 machines instead of 3');
    const atMinimum = machineOf({ scaling: { ...(INSTANCE.scaling ?? never()), desired: 1 } });
    expect(foresee({ level: 'isolate' }, atMinimum).effects).toContain('starts another machine in its place');
    expect(foresee({ level: 'isolate' }).effects).toContain('no new connections from target-group web');
  });

  it('is what every other pod of the node loses, and that a severed node is lost', () => {
    expect(foresee({ level: 'isolate' }).effects).toContain('every pod of node worker loses its network');
    expect(foresee({ level: 'sever' }).effects).toContain('node worker is lost to its cluster');
    expect(foresee({}).effects).toBe('');
  });

  it('is everything that stays open', () => {
    expect(foresee({}).open).toContain('the network of the machine is as before');
    expect(foresee({}).open).toContain('credentials of the role worker are valid');
    const { open } = foresee({ level: 'isolate' });
    expect(open).toContain('tracked and go on');
    expect(open).toContain('in tcp 10250 10.0.0.0/16');
    expect(foresee({ level: 'sever' }).open).not.toContain('credentials of the role');
    const poor = machineOf({
      isSpot: true,
      instanceStores: 1,
      managedBy: 'karpenter',
      gaps: ['one could not be read'],
    });
    const said = foresee({}, poor).open;
    for (const text of ['spot machine', '1 disks in the machine', 'of Karpenter', 'one could not be read'])
      expect(said).toContain(text);
    expect(foresee({}).open).toContain('ends node worker when it finds it unhealthy');
  });

  it('is that a node has no machine there, or that no cloud was given', () => {
    const none: Machine = { node: 'worker', instance: null, why: 'its provider is gce' };
    expect(foreseeMachines([none], [], { cloud: 'aws' }).notAchieved.join()).toContain('its provider is gce');
    expect(foreseeMachines([], [], {}).notAchieved.join()).toContain('no cloud was given');
  });
});
