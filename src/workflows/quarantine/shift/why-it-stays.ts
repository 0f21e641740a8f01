import { arrayAt, booleanAt, stringAt } from '../../../lib/untyped.js';
import { labelsOf, selects } from '../../../plan/network/label-selector.js';
import { QUARANTINE_LABEL } from '../../../plan/quarantine-names.js';
import { claimsOf, volumeLost } from './pod-volumes.js';
import type { ShiftFacts } from './shift-facts.js';
import { systemRole } from './system-role.js';

const MIRROR = 'kubernetes.io/config.mirror';
const SAFE_TO_EVICT = 'cluster-autoscaler.kubernetes.io/safe-to-evict';

export interface Shifting {
  readonly facts: Pick<ShiftFacts, 'podsOf' | 'webhooksOf' | 'claimLost'>;
  /** Names of the nodes that are contained: what is ready there is no help. */
  readonly nodes: ReadonlySet<string>;
}

function controllerOf(pod: unknown): unknown {
  return arrayAt(pod, 'metadata', 'ownerReferences').find((one) => booleanAt(one, 'controller') === true);
}

function isReadyElsewhere(pod: unknown, nodes: ReadonlySet<string>): boolean {
  const isReady = arrayAt(pod, 'status', 'conditions').some(
    (one) => stringAt(one, 'type') === 'Ready' && stringAt(one, 'status') === 'True',
  );
  const isEnding = stringAt(pod, 'metadata', 'deletionTimestamp') !== undefined;
  const node = stringAt(pod, 'spec', 'nodeName') ?? '';
  return isReady && !isEnding && node !== '' && !nodes.has(node);
}

/** By what the pod itself says. */
function ofItself(pod: unknown): string | null {
  if (stringAt(pod, 'metadata', 'deletionTimestamp') !== undefined) return 'it is ending already';
  const phase = stringAt(pod, 'status', 'phase') ?? '';
  if (phase === 'Succeeded' || phase === 'Failed') return 'it has ended';
  // Of another plan: its controller may not have let go of it yet.
  if (Object.hasOwn(labelsOf(pod), QUARANTINE_LABEL)) return 'it bears our label: it is a suspect itself';
  const controller = controllerOf(pod);
  const kind = stringAt(controller, 'kind') ?? '';
  if (stringAt(pod, 'metadata', 'annotations', MIRROR) !== undefined || kind === 'Node')
    return 'it is a static pod: its kubelet makes it anew';
  if (kind === '') return 'it is a bare pod: nobody would make it anew';
  if (kind === 'DaemonSet') return 'it is of a DaemonSet, which makes it anew on the same node';
  if (stringAt(pod, 'metadata', 'annotations', SAFE_TO_EVICT) === 'false')
    return `its annotation ${SAFE_TO_EVICT} says that it is not to be moved`;
  return volumeLost(pod);
}

async function ofItsVolumes(pod: unknown, { facts }: Shifting): Promise<string | null> {
  const namespace = stringAt(pod, 'metadata', 'namespace') ?? '';
  for (const claim of claimsOf(pod)) {
    const lost = await facts.claimLost(namespace, claim);
    if (lost !== null) return lost;
  }
  return null;
}

async function ofItsWebhooks(pod: unknown, { facts, nodes }: Shifting): Promise<string | null> {
  const others = await facts.podsOf(stringAt(pod, 'metadata', 'namespace') ?? '');
  for (const { name, selector } of await facts.webhooksOf(pod)) {
    if (!others.some((one) => selects(selector, labelsOf(one)) && isReadyElsewhere(one, nodes)))
      return `no other ready pod serves webhook ${name}, without which the server refuses requests`;
  }
  return null;
}

async function ofItsRole(pod: unknown, { facts, nodes }: Shifting): Promise<string | null> {
  const role = systemRole(pod);
  if (role === null) return null;
  const owner = stringAt(controllerOf(pod), 'uid');
  const others = await facts.podsOf(stringAt(pod, 'metadata', 'namespace') ?? '');
  const isHelped = others.some((one) => stringAt(controllerOf(one), 'uid') === owner && isReadyElsewhere(one, nodes));
  return isHelped ? null : `it is the last ready replica of its controller, which the cluster rests on (${role})`;
}

/** Why a pod that is no suspect is left on its node; `null` = it may be moved. Throws as the facts. */
export async function whyItStays(pod: unknown, shifting: Shifting): Promise<string | null> {
  const itself = ofItself(pod);
  if (itself !== null) return itself;
  for (const look of [ofItsVolumes, ofItsWebhooks, ofItsRole]) {
    const why = await look(pod, shifting);
    if (why !== null) return why;
  }
  return null;
}
