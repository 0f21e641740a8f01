import { integerAt, stringAt } from '../../lib/untyped.js';
import { CONTAINER, type CollectorPod } from './pod-spec.js';

/** A field that is not as it was sent; `undefined` = it is not there. Values of the cluster are untrusted. */
export interface PodDifference {
  /** `spec.containers[1]`, `metadata.annotations["sidecar.example/inject"]`. */
  readonly path: string;
  readonly sent: unknown;
  readonly admitted: unknown;
}

export interface PodComparison {
  /** What somebody changed. */
  readonly changes: readonly PodDifference[];
  /** What the API server itself fills in or drops, by a list of ours. */
  readonly defaults: readonly PodDifference[];
}

/** From this priority on a kubelet ends other pods to make room. */
const CRITICAL_PRIORITY = 2_000_000_000;
const MAX_DEPTH = 16;

const isSet = ({ sent }: PodDifference): boolean => sent !== undefined;
const isDropped = ({ admitted }: PodDifference): boolean => admitted === undefined;
const isText = ({ sent, admitted }: PodDifference): boolean => sent === undefined && typeof admitted === 'string';

/** What the server keeps about every object, whatever is in it. */
const SERVERS_OWN = new Set(
  ['uid', 'resourceVersion', 'generation', 'creationTimestamp', 'managedFields', 'selfLink'].map(
    (name) => `metadata.${name}`,
  ),
);

/** What an API server without any webhook changes in our pod, by the version or the built-in admission that does it. */
const KNOWN: Readonly<Record<string, (difference: PodDifference) => boolean>> = {
  // The old name of serviceAccountName.
  'spec.serviceAccount': ({ admitted }) => admitted === 'default',
  // Priority; a class by name where the cluster has a default one.
  'spec.priority': ({ admitted }) => (integerAt([admitted], 0) ?? CRITICAL_PRIORITY) < CRITICAL_PRIORITY,
  'spec.priorityClassName': isText,
  'spec.preemptionPolicy': ({ admitted }) => admitted === 'PreemptLowerPriority' || admitted === 'Never',
  // ServiceAccount: those of the account, where we name none.
  'spec.imagePullSecrets': (difference) =>
    !isSet(difference) &&
    Array.isArray(difference.admitted) &&
    difference.admitted.every((one: unknown) => isOnlyName(one)),
  // AlwaysPullImages; the digest stays the one that is asked for.
  'spec.containers[0].imagePullPolicy': ({ sent, admitted }) => sent === 'IfNotPresent' && admitted === 'Always',
  'spec.containers[0].securityContext.procMount': ({ admitted }) => admitted === 'Default',
  // Servers before 1.30 do not know these two.
  'spec.containers[0].volumeMounts[0].recursiveReadOnly': isDropped,
  'spec.containers[0].securityContext.appArmorProfile': isDropped,
  // The same profile as servers before 1.30 wrote it.
  [`metadata.annotations["container.apparmor.security.beta.kubernetes.io/${CONTAINER}"]`]: ({ admitted }) =>
    admitted === 'unconfined',
  // PodTopologyLabels copies them from the node.
  'metadata.labels["topology.kubernetes.io/zone"]': isText,
  'metadata.labels["topology.kubernetes.io/region"]': isText,
};

function isOnlyName(one: unknown): boolean {
  return stringAt(one, 'name') !== undefined && Object.keys(one as object).length === 1;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const below = (path: string, key: string): string => {
  if (!/^[A-Za-z]\w*$/.test(key)) return `${path}[${JSON.stringify(key)}]`;
  return path === '' ? key : `${path}.${key}`;
};

function keysOf(one: object, other: object): string[] {
  return [...new Set([...Object.keys(one), ...Object.keys(other)])].toSorted();
}

function* differ(path: string, pair: { sent: unknown; admitted: unknown }, depth = 0): Generator<PodDifference> {
  const { sent, admitted } = pair;
  if (Object.is(sent, admitted)) return;
  const deeper = depth < MAX_DEPTH;
  if (deeper && isRecord(sent) && isRecord(admitted)) {
    for (const key of keysOf(sent, admitted)) {
      const member = (from: Readonly<Record<string, unknown>>) => (Object.hasOwn(from, key) ? from[key] : undefined);
      yield* differ(below(path, key), { sent: member(sent), admitted: member(admitted) }, depth + 1);
    }
  } else if (deeper && Array.isArray(sent) && Array.isArray(admitted)) {
    for (let index = 0; index < Math.max(sent.length, admitted.length); index += 1) {
      const member = { sent: sent[index] as unknown, admitted: admitted[index] as unknown };
      yield* differ(`${path}[${String(index)}]`, member, depth + 1);
    }
  } else yield { path, sent, admitted };
}

/**
 * The pod as the cluster has it against the pod as we sent it, field by field: everything but `status`. A running pod may have further
 * annotations, which networks and runtimes write; a pod that was just admitted may not.
 */
export function comparePod(sent: CollectorPod, admitted: unknown, stage: 'admitted' | 'running'): PodComparison {
  const changes: PodDifference[] = [];
  const defaults: PodDifference[] = [];
  const pod = isRecord(admitted) ? { ...admitted, status: undefined } : admitted;
  for (const difference of differ('', { sent, admitted: pod })) {
    if (SERVERS_OWN.has(difference.path)) continue;
    const late = stage === 'running' && difference.path.startsWith('metadata.annotations[') && !isSet(difference);
    const known = late || (Object.hasOwn(KNOWN, difference.path) && KNOWN[difference.path]?.(difference) === true);
    (known ? defaults : changes).push(difference);
  }
  return { changes, defaults };
}
