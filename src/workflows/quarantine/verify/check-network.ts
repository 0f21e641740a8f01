import type { Clock } from '../../../ports/clock.js';
import type { NodeAccess } from '../../../ports/node-access.js';
import type { CheckRound, Flow, Probe } from './containment-check.js';
import type { LiveSuspect } from './live-policies.js';
import { flowsOf, locatePod, type PodPlace } from './look-at-pod.js';
import type { ProbeDestination } from './probe-destination.js';
import { probePod, type Vantage } from './probe-pod.js';
import type { Vantages } from './vantages.js';

export interface NetworkDeps {
  /** `null` = no way to the nodes was asked for. */
  readonly vantages: Vantages | null;
  readonly destinations: readonly ProbeDestination[];
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly token: () => string;
}

export type NetworkView = Pick<CheckRound, 'probes' | 'flows' | 'notProbed'>;

const NO_WAY = 'nothing was probed: no way to the nodes was asked for (--node-access collector-pod)';

interface Gathered {
  readonly probes: Probe[];
  readonly flows: Flow[];
  readonly notProbed: string[];
  isFlowsKnown: boolean;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'an error without a message';
}

function byNode(suspects: readonly LiveSuspect[]): ReadonlyMap<string, readonly LiveSuspect[]> {
  const nodes = new Map<string, LiveSuspect[]>();
  for (const one of suspects) {
    if (one.view.gone) continue;
    nodes.set(one.suspect.node, [...(nodes.get(one.suspect.node) ?? []), one]);
  }
  return nodes;
}

/** What there is to say of a suspect beside its probes. */
function shortcomings({ pod, namespaces, moreNamespaces, isInHostNetwork }: PodPlace, { second }: Vantage): string[] {
  const name = `pod ${pod}`;
  return [
    ...(isInHostNetwork ? [`${name}: a process of it is in the network of its node, where no policy holds it`] : []),
    ...(moreNamespaces > 0
      ? [`${name}: ${String(moreNamespaces)} more network namespaces of its processes were not looked at`]
      : []),
    ...(namespaces.length === 0 && !isInHostNetwork ? [`${name}: no process of it was found on its node`] : []),
    ...(second === null ? [`${name}: what reaches it was not probed, and only destinations that were named were`] : []),
  ];
}

async function lookAt(live: LiveSuspect, vantage: Vantage, { all, deps }: { all: Gathered; deps: NetworkDeps }) {
  const { first } = vantage;
  const { signal } = deps;
  const place = await locatePod(live.suspect, first, signal);
  all.notProbed.push(...shortcomings(place, vantage));
  const flows = await flowsOf(place, first, signal);
  if (flows === null) all.isFlowsKnown = false;
  else all.flows.push(...flows);
  for (const { pid, namespace } of place.namespaces) {
    const pod = { pod: place.pod, addresses: live.addresses, pid, namespace };
    const probed = await probePod(pod, vantage, deps);
    all.probes.push(...probed.probes);
    all.notProbed.push(...probed.notProbed);
  }
}

async function lookAtNode(
  { node, suspects, first }: { readonly node: string; readonly suspects: readonly LiveSuspect[]; first: NodeAccess },
  vantages: Vantages,
  { all, deps }: { readonly all: Gathered; readonly deps: NetworkDeps },
): Promise<void> {
  const vantage = await vantages.open(node, first).catch((error: unknown) => {
    all.notProbed.push(`node ${node}: no pod of ours to probe from: ${messageOf(error)}`);
    return { first, second: null, listener: null };
  });
  try {
    for (const live of suspects) {
      await lookAt(live, vantage, { all, deps }).catch((error: unknown) => {
        all.isFlowsKnown = false;
        all.notProbed.push(`pod ${live.view.pod}: ${messageOf(error)}`);
      });
    }
  } finally {
    await vantage.listener?.close();
  }
}

/** Connections that the suspects have, and those that are tried out of them and into them. Never throws for what cluster or node do. */
export async function checkNetwork(suspects: readonly LiveSuspect[], deps: NetworkDeps): Promise<NetworkView> {
  const { vantages } = deps;
  if (vantages === null) return { probes: [], flows: null, notProbed: suspects.length === 0 ? [] : [NO_WAY] };
  const all: Gathered = { probes: [], flows: [], notProbed: [], isFlowsKnown: true };
  for (const [node, there] of byNode(suspects)) {
    const first = await vantages.first(node);
    if (first === null) {
      all.isFlowsKnown = false;
      all.notProbed.push(`node ${node}: no way leads there: ${vantages.whyNot(node) ?? 'none was found'}`);
    } else await lookAtNode({ node, suspects: there, first }, vantages, { all, deps });
  }
  const { probes, flows, notProbed, isFlowsKnown } = all;
  return { probes, flows: isFlowsKnown ? flows : null, notProbed };
}

/** Before the first change: what is connected. `null` = not known. Never throws. */
export async function flowsNow(
  suspects: readonly LiveSuspect['suspect'][],
  { vantages, signal }: Pick<NetworkDeps, 'vantages' | 'signal'>,
): Promise<readonly Flow[] | null> {
  if (vantages === null) return null;
  const flows: Flow[] = [];
  for (const suspect of suspects) {
    const access = await vantages.first(suspect.node);
    if (access === null) return null;
    const look = async () => await flowsOf(await locatePod(suspect, access, signal), access, signal);
    const found = await look().catch(() => null);
    if (found === null) return null;
    flows.push(...found);
  }
  return flows;
}
