import { describe, expect, it } from 'vitest';
import { FakeActuator } from '../../../../test/fakes/fake-actuator.js';
import { FakeCluster, type FakeAnswer } from '../../../../test/fakes/fake-cluster.js';
import { json, listOf, status } from '../../../../test/fakes/fake-cluster-world.js';
import { ProbeNode, type ProbeNodeOptions } from '../../../../test/fakes/probe-node.js';
import { sha256OfText } from '../../../evidence/post-seal/archive-at-hand.js';
import { asciiJson } from '../../../lib/ascii-json.js';
import type { PlannedStep } from '../../../model/action.js';
import { ExhibitError } from '../../../model/errors.js';
import { denyCilium } from '../../../plan/actions/deny-cilium.js';
import { denialOf } from '../../../plan/deny-view.js';
import type { NodeAccess, NodeAccessRung } from '../../../ports/node-access.js';
import type { StepReport } from '../../../plan/step-report.js';
import type { Scene, Suspect } from '../read-scene.js';
import { openVerification, type VerificationDeps, type VerificationOptions } from './open-verification.js';

const OURS = {
  metadata: { name: 'exhibit-quarantine' },
  spec: { podSelector: { matchLabels: { q: 'x' } }, policyTypes: ['Ingress', 'Egress'] },
};
const ALLOW_IN = { metadata: { name: 'let-in' }, spec: { podSelector: {}, policyTypes: ['Ingress'], ingress: [{}] } };
const POD = {
  metadata: { name: 'cart', namespace: 'shop', uid: '11111111-2222-4333-8444-555555555555', labels: { q: 'x' } },
  status: { podIPs: [{ ip: '10.0.0.2' }] },
};
const SUSPECT: Suspect = {
  ...{ namespace: 'shop', name: 'cart', uid: POD.metadata.uid, node: 'worker', object: POD, kind: 'bare', owner: null },
  ...{ ownerSelector: undefined, services: [], moreServices: 0, selectorKeys: [] },
};
const WORKER = { metadata: { name: 'worker', uid: 'u-node' }, status: {} };
const SCENE: Scene = {
  ...{ clusterUid: 'c', suspects: [SUSPECT], policies: new Map() },
  nodes: [{ name: 'worker', uid: 'u-node', object: WORKER }],
};
const CORDON: PlannedStep = {
  ...{ step: 1, name: 'cordon', kind: 'cordon-node', phase: 'protect', reversibility: 'exact', undo: '', needs: [] },
  subject: { group: '', version: 'v1', resource: 'nodes', namespace: null, name: 'worker', uid: 'u-node' },
  ...{ before: { unschedulable: false }, intended: { unschedulable: true } },
};
const REPORT: StepReport = { planned: CORDON, outcome: 'applied', why: null, detail: '', now: null };
const SOCKET =
  '   1: 0200000A:C2D8 07643CC6:1B58 01 00000000:00000000 00:00000000 00000000     0        0 13497826 2 0 20 4 24 18 -1';

/** A network plugin that denies the suspect everything, in both directions. */
const denying: ProbeNodeOptions['answering'] = ({ from, address }) =>
  (from === 'suspect') === (address === '10.0.0.2') ? 'connected 0' : 'timeout 0';
const open: ProbeNodeOptions['answering'] = () => 'connected 0';

interface World {
  readonly answering?: ProbeNodeOptions['answering'];
  readonly node?: Partial<ProbeNodeOptions>;
  readonly policies?: readonly object[];
  readonly rechecks?: readonly number[];
  readonly rungs?: readonly NodeAccessRung[] | null;
  readonly answer?: (path: string) => FakeAnswer | undefined;
  readonly probe?: string;
  /** Called when the clock is asked for the n-th time of a look. */
  readonly onLook?: (look: number, actuator: FakeActuator, abort: AbortController) => void;
}

/** Looks at a containment of one suspect in a world of fakes; every second passes at once. */
async function verify(world: World) {
  const { answering = denying, policies = [OURS], rechecks = [1] } = world;
  const actuator = new FakeActuator();
  actuator.put('nodes', { metadata: { name: 'worker', uid: 'u-node' }, spec: { unschedulable: true } });
  const abort = new AbortController();
  const banners = new Map<number, string>();
  const nodes: ProbeNode[] = [];
  const rung: NodeAccessRung = {
    rung: 'collector-pod',
    open: () => {
      const node = new ProbeNode({ answering, ...world.node }, banners);
      nodes.push(node);
      return Promise.resolve<NodeAccess>(node);
    },
  };
  const entries: { readonly event: string; readonly kind?: string }[] = [];
  let looks = 0;
  const cluster = new FakeCluster(({ path }) => {
    const given = world.answer?.(path);
    if (given !== undefined) return given;
    if (path.endsWith('/pods/cart')) {
      looks += 1;
      world.onLook?.(looks, actuator, abort);
      return json(POD);
    }
    if (path.startsWith('/apis/networking.k8s.io/')) return listOf(policies);
    return status(404, 'no such resource');
  });
  const said: string[] = [];
  let nowUs = 0;
  const options: VerificationOptions = {
    request: {
      recheckAtSeconds: rechecks,
      destinations: world.probe === undefined ? [] : [{ address: world.probe, family: 4, port: 443, mayPass: false }],
    },
    clock: { nowMs: () => 1_767_225_600_000, monoUs: () => (nowUs += 60_000_000), bootId: () => 'b' },
    token: (length) => 't'.repeat(length),
    rungs: world.rungs === null ? null : () => Promise.resolve(world.rungs ?? [rung]),
  };
  const exhibit = {
    requestLog: { begin: () => 0, end: () => undefined },
    custody: {
      append: (event: string, fields: object) => {
        entries.push({ event, ...fields });
        return Promise.resolve();
      },
    },
  } as unknown as VerificationDeps['exhibit'];
  const verification = await openVerification({ plan: 'p1', subject: 'pod shop/cart', scene: SCENE }, options, {
    ...{ reader: cluster, tools: { actuator: actuator.actuator }, signal: abort.signal, exhibit },
    io: { emit: (code, text) => void said.push(`${code} ${text}`), progress: () => undefined },
  });
  const verified = await verification.check([REPORT], [], 0);
  await verification.close();
  return { ...verified, text: verified.reasons.join('\n'), nodes, entries, said };
}

describe('a containment that is looked at', () => {
  it('is verified from two pods of ours, which are gone afterwards, with every listener', async () => {
    const { verdict, text, nodes, checks, entries } = await verify({ rechecks: [1, 2] });
    expect(verdict, text).toBe('verified');
    expect(checks.map(({ afterSeconds }) => afterSeconds)).toEqual([0, 1, 2]);
    expect(checks.at(-1)?.probes.map(({ kind, result }) => `${kind} ${result}`)).toEqual([
      ...['egress denied', 'control through', 'control through', 'ingress denied'],
    ]);
    expect(nodes).toHaveLength(2);
    expect(nodes.every(({ closed, listening }) => closed && listening === 0)).toBe(true);
    expect(entries.map(({ event, kind }) => `${event} ${kind ?? ''}`.trim())).toEqual([
      ...['preflight', 'side-effect containment-connections', 'action containment-probe'],
      ...['side-effect containment-check', 'side-effect containment-check', 'side-effect containment-check'],
    ]);
  });

  it('is not where nothing is enforced, and in part where a policy that is named lets in', async () => {
    expect(await verify({ answering: open })).toMatchObject({ verdict: 'unverified' });
    const letIn: ProbeNodeOptions['answering'] = (place) =>
      place.address === '10.0.0.2' ? 'connected 0' : denying(place);
    const { verdict, text } = await verify({ answering: letIn, policies: [OURS, ALLOW_IN] });
    expect(verdict).toBe('partly');
    expect(text).toContain('as policy let-in allows');
  });

  it('tells a refusal and a proxy from our listener', async () => {
    const refusing: ProbeNodeOptions['answering'] = (place) =>
      denying(place) === 'timeout 0' ? 'error 111' : 'connected 0';
    expect(await verify({ answering: refusing })).toMatchObject({ verdict: 'verified' });
    const proxy = await verify({
      node: { instead: { 'probe-connections': 'namespace\t4026532999\nresult\t0\tconnected\t0\t\t0\t00\nend\n' } },
    });
    expect(proxy.verdict).toBe('unverified');
    expect(proxy.text).toContain('something answered in the place of our listener');
  });

  it('tries what the operator names, from both sides', async () => {
    const { checks } = await verify({ probe: '192.0.2.9' });
    const named = checks.at(-1)?.probes.filter(({ to }) => to.who === 'named') ?? [];
    expect(named.map(({ kind, from }) => `${kind} from ${from.who}`)).toEqual([
      ...['egress from suspect', 'control from uncontained'],
    ]);
  });

  it('names a connection that was there before, and has it on record before and after, with a digest of all', async () => {
    const { verdict, text, entries, checks } = await verify({ node: { sockets: [SOCKET] } });
    const flows = checks[0]?.flows ?? [];
    const known = { flows, moreFlows: 0, flowsSha256: sha256OfText(asciiJson(flows)) };
    expect(flows).toHaveLength(1);
    const [before, ...after] = entries.filter(({ kind }) => /^containment-(connections|check)$/.test(kind ?? ''));
    expect(before).toMatchObject({
      ...{ kind: 'containment-connections', outcome: 'done', detail: 'before the first change' },
      after: { at: '2026-01-01T00:00:00.000Z', ...known },
    });
    expect(after).toMatchObject([{ after: known }, { after: known }]);
    expect(verdict).toBe('partly');
    expect(text).toContain('an established flow is still there: 10.0.0.2 port 49880 to 198.60.100.7 port 7000');
  });

  it('names the step that somebody put back between two looks', async () => {
    const { verdict, text, said } = await verify({
      rechecks: [1, 2],
      onLook: (look, actuator) => {
        if (look === 1) actuator.change('nodes', 'worker', { spec: { unschedulable: false } });
      },
    });
    expect(verdict).toBe('partly');
    expect(text).toContain('step 1 cordon of nodes worker no longer holds after 1 s: differs');
    expect(said.join('\n')).toContain('CONTAINMENT_PUT_BACK 1 s after the last step: step 1 cordon');
  });

  it('ends at an interruption and says what was not looked at', async () => {
    const { verdict, text, checks, nodes } = await verify({
      rechecks: [1, 2, 3],
      onLook: (look, _, abort) => {
        if (look === 2) abort.abort();
      },
    });
    expect(checks.map(({ afterSeconds }) => afterSeconds)).toEqual([0]);
    expect(verdict).toBe('partly');
    expect(text).toContain('interrupted: it was not looked at again after 1, 2, 3 s');
    expect(nodes.every(({ closed }) => closed)).toBe(true);
  });
});

describe('what cannot be seen of a containment', () => {
  const refusing = (reason: string): NodeAccessRung => ({
    rung: 'collector-pod',
    open: () => Promise.reject(new ExhibitError('NODE_ACCESS_REFUSED', 'not here', { subject: reason })),
  });

  it.each<[string, World, string]>([
    ['without a way to the nodes', { rungs: null }, 'no way to the nodes was asked for'],
    [
      'where every way is refused',
      { rungs: [refusing('pod-security')] },
      'no way leads there: collector-pod: pod-security',
    ],
    ['when the listener dies', { node: { instead: { 'probe-listener': null } } }, 'no pod of ours to probe from'],
    ['when the node ends in the middle', { node: { instead: { 'probe-connections': null } } }, 'it was cut'],
    ['when the node talks nonsense', { node: { instead: { 'probe-connections': '\u0000\u0001' } } }, 'tells nothing'],
    [
      'when the process of the suspect is another one by now',
      { node: { instead: { 'probe-connections': 'namespace\t5\nresult\t0\ttimeout\t0\t\t0\t\nend\n' } } },
      'went to another network namespace',
    ],
    [
      'when no process of the suspect is there',
      { node: { instead: { 'probe-processes': 'own\t3\n' } } },
      'no process of it',
    ],
    [
      'when the suspect is in the network of its node',
      { node: { instead: { 'probe-processes': 'own\t3\nfirst\t1\nprocess\t7/ns/net\t1\n' } } },
      'in the network of its node',
    ],
    ['by ssh alone, without a destination', { node: { rung: 'ssh' } }, 'only destinations that were named'],
  ])('is said: %s', async (_, world, text) => {
    const verified = await verify(world);
    expect(verified.verdict).toBe('unverified');
    expect(verified.text).toContain(text);
    expect(verified.nodes.every(({ closed, listening }) => closed && listening === 0)).toBe(true);
  });

  it.each<[string, (path: string) => FakeAnswer | undefined, string]>([
    [
      'policies that may not be read',
      (path) => (path.startsWith('/apis/networking') ? status(403, 'no') : undefined),
      'which policies hold for it could not be read',
    ],
    [
      'an answer that is none',
      (path) => (path.endsWith('/pods/cart') ? { status: 200, body: 'garbage' } : undefined),
      'which policies hold for it could not be read',
    ],
    [
      'policies of the network plugin that are not ours',
      (path) =>
        path.includes('/ciliumclusterwidenetworkpolicies') ? listOf([{ metadata: { name: 'a' } }]) : undefined,
      'policies that are not evaluated are there: ciliumclusterwidenetworkpolicies.cilium.io: 1',
    ],
    [
      'policies for the whole cluster that may not be read',
      (path) => (path.includes('/adminnetworkpolicies') ? status(403, 'no') : undefined),
      'adminnetworkpolicies.policy.networking.k8s.io: may not be read',
    ],
  ])('is said, and leaves it at most in part: %s', async (_, answer, text) => {
    const verified = await verify({ answer });
    expect(verified.verdict).not.toBe('verified');
    expect(verified.text).toContain(text);
  });

  it('counts no policies of our own', async () => {
    const ours = denyCilium.body('ours', denialOf('k7m2p9', { key: 'kubexhibit.dev/quarantine', value: 'k7m2p9' }));
    const answer = (path: string) => (path.includes('/ciliumnetworkpolicies') ? listOf([ours]) : undefined);
    expect((await verify({ answer })).text).not.toContain('ciliumnetworkpolicies');
  });
});
