import { describe, expect, it } from 'vitest';
import { NOT_STATED } from '../../../model/case.js';
import { FakeCluster } from '../../../../test/fakes/fake-cluster.js';
import { json, listOf } from '../../../../test/fakes/fake-cluster-world.js';
import { planSteps } from '../plan-steps.js';
import { foreseeShift } from './foresee-shift.js';
import { readBystanders } from './read-bystanders.js';

type Plain = Record<string, unknown>;

const OWNER = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'cart', uid: 'u-rs', controller: true };
const READY = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };
interface Given {
  readonly metadata?: Plain;
  readonly spec?: Plain;
  readonly status?: Plain;
}
const podOf = (name: string, { metadata = {}, spec = {}, status = READY }: Given = {}) => ({
  metadata: { name, namespace: 'shop', uid: `u-${name}`, ownerReferences: [OWNER], ...metadata },
  spec: { nodeName: 'worker', containers: [{ image: 'registry.example/cart' }], ...spec },
  status,
});
const volume = (source: Plain) => ({ spec: { volumes: [{ name: 'data', ...source }] } });
const owner = (kind: string) => ({ metadata: { ownerReferences: [{ ...OWNER, kind }] } });
const dns = { metadata: { labels: { 'k8s-app': 'kube-dns' } } };
const elsewhere = (name: string, given: Given = {}) => podOf(name, { ...given, spec: { nodeName: 'other' } });

interface World {
  readonly pods: readonly object[];
  readonly services?: readonly object[];
  readonly webhooks?: readonly object[];
  readonly volumes?: Readonly<Record<string, object>>;
}

function clusterOf({ pods, services = [], webhooks = [], volumes = {} }: World) {
  return new FakeCluster(({ path, query }) => {
    const name = path.split('/').at(-1) ?? '';
    if (name === 'pods') {
      const field = query.get('fieldSelector');
      const here = pods.filter((pod) => (pod as { spec: Plain }).spec['nodeName'] === 'worker');
      return listOf(field === undefined ? pods : here);
    }
    if (name === 'services') return listOf(services);
    if (name.startsWith('validating')) return listOf(webhooks);
    if (name.startsWith('mutating')) return listOf([]);
    const object = volumes[name];
    return object === undefined ? json({ kind: 'Status' }, 404) : json(object);
  });
}

const NODES = [{ name: 'worker', uid: 'u-node', object: { spec: {} } }];
const SCENE = { clusterUid: 'c', nodes: NODES, suspects: [], policies: new Map() };
const read = async (world: World) => await readBystanders(SCENE, { cluster: clusterOf(world), authority: NOT_STATED });
const reasonOf = async (world: World) => (await read(world))[0]?.stays;

describe('a pod that is no suspect', () => {
  it.each([
    ['of a DaemonSet', owner('DaemonSet'), 'DaemonSet'],
    ['of a file of the node', owner('Node'), 'static pod'],
    ['mirrored', { metadata: { annotations: { 'kubernetes.io/config.mirror': 'x' } } }, 'static pod'],
    ['bare', { metadata: { ownerReferences: [] } }, 'bare pod'],
    ['ended', { status: { phase: 'Succeeded' } }, 'it has ended'],
    ['ending', { metadata: { deletionTimestamp: 'x', ownerReferences: [OWNER] } }, 'ending already'],
    ['with scratch space', volume({ emptyDir: {} }), 'emptyDir volume data'],
    ['with files of the node', volume({ hostPath: { path: '/' } }), 'hostPath volume data'],
    ['with an ephemeral claim', volume({ ephemeral: {} }), 'ephemeral volume data'],
    ['with an inline volume', volume({ csi: { driver: 'd' } }), 'inline CSI volume data'],
    ['with a claim that is not there', volume({ persistentVolumeClaim: { claimName: 'gone' } }), 'claim gone'],
    ['for DNS, the last one', dns, 'last ready replica'],
  ])('%s stays, and it is said why', async (_what, given: Given, why) => {
    expect(await reasonOf({ pods: [podOf('a', given)] })).toContain(why);
  });

  it('may be moved where nothing is lost with it', async () => {
    const spec = {
      volumes: [
        { name: 'c', configMap: {} },
        { name: 's', csi: { driver: 'd', readOnly: true } },
      ],
    };
    expect(await reasonOf({ pods: [podOf('a', { spec })] })).toBeNull();
  });

  it.each([
    [{ local: { path: '/disk' } }, 'on this node alone'],
    [{ hostPath: { path: '/disk' } }, 'on this node alone'],
    [{ csi: { driver: 'd' } }, null],
  ])('with a claim on a volume %j: %s', async (source, why) => {
    const volumes = { c1: { spec: { volumeName: 'pv1' } }, pv1: { spec: source } };
    const stays = await reasonOf({
      pods: [podOf('a', volume({ persistentVolumeClaim: { claimName: 'c1' } }))],
      volumes,
    });
    if (why === null) expect(stays).toBeNull();
    else expect(stays).toContain(why);
  });

  it('for DNS may be moved while another replica is ready on another node, and no other helps', async () => {
    const helped = async (other: object) => await reasonOf({ pods: [podOf('a', dns), other] });
    expect(await helped(elsewhere('b', dns))).toBeNull();
    expect(await helped(elsewhere('b', { ...dns, status: { phase: 'Running' } }))).toContain('(DNS)');
    expect(await helped(podOf('b', dns))).toContain('(DNS)');
  });

  it('serves a webhook that fails closed alone, or beside another', async () => {
    const labelled = { metadata: { labels: { app: 'guard' } } };
    const services = [{ metadata: { name: 'guard', namespace: 'shop' }, spec: { selector: { app: 'guard' } } }];
    const hook = (policy: Plain) => ({
      webhooks: [{ name: 'guard.example', clientConfig: { service: { namespace: 'shop', name: 'guard' } }, ...policy }],
    });
    const world = { pods: [podOf('a', labelled)], services };
    expect(await reasonOf({ ...world, webhooks: [hook({ failurePolicy: 'Fail' })] })).toContain(
      'webhook guard.example',
    );
    expect(await reasonOf({ ...world, webhooks: [hook({})] })).toContain('webhook guard.example');
    expect(await reasonOf({ ...world, webhooks: [hook({ failurePolicy: 'Ignore' })] })).toBeNull();
    const pods = [podOf('a', labelled), elsewhere('b', labelled)];
    expect(await reasonOf({ services, pods, webhooks: [hook({})] })).toBeNull();
  });

  it('is moved by a step that needs the cordon, a suspect never, and each that stays is named', async () => {
    const pods = [podOf('a'), podOf('b', volume({ emptyDir: {} })), podOf('s')];
    const suspects = [{ uid: 'u-s' }] as unknown as Parameters<typeof readBystanders>[0]['suspects'];
    const cluster = clusterOf({ pods });
    const bystanders = await readBystanders({ nodes: NODES, suspects }, { cluster, authority: NOT_STATED });
    const names = { caseToken: 'k7m2p9', plan: 'p1', deniedBefore: '' };
    const steps = planSteps({ target: 'node', skip: [] }, { scene: SCENE, machines: [], bystanders }, names);
    const shifts = steps.filter(({ kind }) => kind === 'evict-pod');
    const cordon = steps.find(({ name }) => name === 'cordon')?.step;
    expect(shifts).toMatchObject([{ name: 'shift', subject: { uid: 'u-a' }, needs: [cordon], phase: 'contain' }]);
    const { sideEffects, notAchieved } = foreseeShift(steps, bystanders);
    expect(sideEffects).toEqual([expect.stringContaining('pods shop/a is evicted')]);
    expect(notAchieved).toEqual([expect.stringContaining('pod shop/b stays on node worker: what is in its emptyDir')]);
  });

  it('of a namespace to which the authority does not reach is left alone', async () => {
    const authority = { statement: 's', limits: { namespaces: ['other'] } } as unknown as Parameters<
      typeof readBystanders
    >[1]['authority'];
    const [pod] = await readBystanders(SCENE, { cluster: clusterOf({ pods: [podOf('a')] }), authority });
    expect(pod?.stays).toContain('authority');
  });
});
