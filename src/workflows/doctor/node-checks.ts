import { arrayAt, stringAt } from '../../lib/untyped.js';
import type { NodeRung } from '../../ports/node-access.js';
import { type Check, check, fewOf } from './check.js';
import { cloudOf, type NodeTrait, traitsOf } from './node-traits.js';

const nameOf = (node: unknown): string => stringAt(node, 'metadata', 'name') ?? '';

/** Names of the nodes by what `keyOf` says of them. */
function grouped(nodes: readonly unknown[], keyOf: (node: unknown) => readonly string[]): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const node of nodes) for (const key of keyOf(node)) groups.set(key, [...(groups.get(key) ?? []), nameOf(node)]);
  return groups;
}

/** Runtimes of which a record on disk is read, too. */
const RUNTIMES = ['containerd', 'cri-o', 'docker'];

function runtimeOf(node: unknown): string {
  return (stringAt(node, 'status', 'nodeInfo', 'containerRuntimeVersion') ?? '').split('://', 1)[0] ?? '';
}

function runtimeChecks(nodes: readonly unknown[]): readonly Check[] {
  return [...grouped(nodes, (node) => [runtimeOf(node)])].map(([runtime, names]) => {
    const isRead = RUNTIMES.includes(runtime);
    return check('node-runtime', fewOf(names), {
      state: isRead ? 'works' : 'degraded',
      reason: isRead
        ? `${runtime}: containers are told by the runtime and by its store on disk`
        : `${runtime === '' ? 'a runtime without a name' : runtime}: its store on disk is not known; what it started is told by the kernel alone`,
    });
  });
}

function isReady(node: unknown): boolean {
  return arrayAt(node, 'status', 'conditions').some(
    (one) => stringAt(one, 'type') === 'Ready' && stringAt(one, 'status') === 'True',
  );
}

function readyChecks(nodes: readonly unknown[]): readonly Check[] {
  const lost = nodes.filter((node) => !isReady(node)).map(nameOf);
  if (lost.length === 0) return [check('node-ready', fewOf(nodes.map(nameOf)), { state: 'works', reason: 'ready' })];
  return [
    check('node-ready', fewOf(lost), {
      state: 'degraded',
      reason:
        'not ready: nothing is read through its kubelet, and its pods are evicted after 300 s unless they are pinned',
      remedy: `kubectl describe node ${lost[0] ?? ''}`,
    }),
  ];
}

/** What was asked for and cannot be there. */
function isRefused(trait: NodeTrait, ways: readonly NodeRung[]): boolean {
  return (trait.noCollectorPod && ways.includes('collector-pod')) || (trait.noSsh && ways.includes('ssh'));
}

function traitChecks(nodes: readonly unknown[], ways: readonly NodeRung[]): readonly Check[] {
  const traits = new Map(nodes.flatMap((node) => traitsOf(node).map((trait) => [trait.name, trait])));
  const groups = grouped(nodes, (node) => traitsOf(node).map(({ name }) => name));
  return [...groups].flatMap(([name, names]) => {
    const trait = traits.get(name);
    if (trait === undefined) return [];
    return trait.limits.map((limit) =>
      check('node-platform', fewOf(names), {
        state: isRefused(trait, ways) ? 'fails' : 'degraded',
        reason: `${name}: ${limit}`,
      }),
    );
  });
}

function cloudChecks(nodes: readonly unknown[]): readonly Check[] {
  return [...grouped(nodes, (node) => [cloudOf(node) ?? ''])].map(([cloud, names]) => {
    const isKnown = cloud === 'AWS';
    return check('node-cloud', fewOf(names), {
      state: isKnown ? 'works' : 'unknown',
      reason: isKnown
        ? 'AWS: the machine can be protected, isolated and snapshotted with the rights for it'
        : `${cloud === '' ? 'no cloud is named' : cloud}: what concerns Kubernetes works, and no machine or disk is touched`,
      ...(isKnown ? { remedy: 'exhibit doctor --cloud aws' } : {}),
    });
  });
}

/** Of the objects of nodes alone; nothing is asked. */
export function nodeChecks(nodes: readonly unknown[], ways: readonly NodeRung[]): readonly Check[] {
  if (nodes.length === 0) return [check('node-ready', 'nodes', { state: 'degraded', reason: 'no node is to be seen' })];
  return [...readyChecks(nodes), ...runtimeChecks(nodes), ...traitChecks(nodes, ways), ...cloudChecks(nodes)];
}
