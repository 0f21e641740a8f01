import type { Clock } from '../../../ports/clock.js';
import type { NodeAccess } from '../../../ports/node-access.js';
import type { Probe } from './containment-check.js';
import type { ProbeDestination } from './probe-destination.js';
import { addressHex } from './probe-destination.js';
import { openListener, type ProbeListener } from './probe-listener.js';
import { type Attempt, type ConnectFrom, tryConnections } from './try-connections.js';

/** A suspect as it is on its node. */
export interface ProbedPod {
  /** `NAMESPACE/NAME`. */
  readonly pod: string;
  readonly addresses: readonly string[];
  readonly pid: number;
  readonly namespace: string;
}

export interface ProbePodDeps {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly token: () => string;
  readonly destinations: readonly ProbeDestination[];
}

/** Ways to the node of a suspect. */
export interface Vantage {
  readonly first: NodeAccess;
  /** A pod of ours besides the first, which a policy treats as any other pod; `null` where the ways end in the node's own network. */
  readonly second: NodeAccess | null;
  /** In the first pod; `null` where there is no second. */
  readonly listener: ProbeListener | null;
}

function named({ pod }: ProbedPod, { destinations }: ProbePodDeps, kind: Probe['kind']): readonly Attempt[] {
  return destinations.map(({ address, port, mayPass }) => ({
    ...{ pod, kind, mayPass, bannerHex: null, target: `egress to ${address} port ${String(port)}` },
    to: { who: 'named', address, port },
  }));
}

/** To our own listener, in each family that the suspect has an address of. */
function toListener({ pod, addresses }: ProbedPod, listener: ProbeListener | null, kind: Probe['kind']): Attempt[] {
  const families = new Set(addresses.flatMap((address) => addressHex(address)?.family ?? []));
  const places = listener?.at.filter(({ family, address }) => families.has(family) && address !== '') ?? [];
  return places.map(({ address, port }) => ({
    ...{ pod, kind, mayPass: false, bannerHex: listener?.bannerHex ?? null },
    target: `egress to our listener at ${address}`,
    to: { who: 'uncontained' as const, address, port },
  }));
}

/** To a listener of ours that stands where the suspect is. */
function toSuspect({ pod, addresses }: ProbedPod, inner: ProbeListener | null, kind: Probe['kind']): Attempt[] {
  return addresses.flatMap((address) => {
    const at = inner?.at.find(({ family }) => family === addressHex(address)?.family);
    if (at === undefined || inner === null) return [];
    const to = { who: 'suspect' as const, address, port: at.port };
    return [{ pod, kind, mayPass: false, bannerHex: inner.bannerHex, target: `ingress to ${address}`, to }];
  });
}

export interface PodProbes {
  readonly probes: readonly Probe[];
  readonly notProbed: readonly string[];
}

/**
 * Connections out of a suspect's network namespace and into it, each with one that must go through: to the same listener from a place that
 * is not contained, or to the suspect's from itself. Never throws for what the node does.
 */
export async function probePod(pod: ProbedPod, vantage: Vantage, deps: ProbePodDeps): Promise<PodProbes> {
  const { first, second, listener } = vantage;
  const notProbed: string[] = [];
  const { signal, token } = deps;
  const inner =
    second === null
      ? null
      : await openListener({ access: first, pid: pod.pid }, { signal, token }).catch((error: unknown) => {
          const why = error instanceof Error ? error.message : 'an error without a message';
          notProbed.push(`pod ${pod.pod}: nobody could listen where it is: ${why}`);
          return null;
        });
  try {
    const outside: ConnectFrom = { access: second ?? first, who: 'uncontained', inside: null };
    const inside: ConnectFrom = { ...outside, who: 'suspect', inside: { pid: pod.pid, namespace: pod.namespace } };
    const fromInside = [
      ...toListener(pod, listener, 'egress'),
      ...named(pod, deps, 'egress'),
      ...toSuspect(pod, inner, 'control'),
    ];
    const fromOutside = [
      ...toListener(pod, listener, 'control'),
      ...named(pod, deps, 'control'),
      ...toSuspect(pod, inner, 'ingress'),
    ];
    const tried = await Promise.all([
      tryConnections(inside, fromInside, deps),
      tryConnections(outside, fromOutside, deps),
    ]);
    return { probes: tried.flat(), notProbed };
  } finally {
    await inner?.close();
  }
}
