import { setTimeout as pause } from 'node:timers/promises';
import { arrayAt, parseJson, stringAt, valueAt } from '../../lib/untyped.js';
import { ExhibitError } from '../../model/errors.js';
import type { ActionRecord } from '../../ports/action-record.js';
import type { Clock } from '../../ports/clock.js';
import type { ClusterActuator, ObjectRef, ResourceRef } from '../../ports/cluster-actuator.js';
import type { ClusterReader } from '../../ports/cluster-reader.js';
import type { PodEvent } from './judge-start.js';

/** What the collector pod needs of the cluster; as few calls as will do. */
export interface PodCluster {
  readonly actuator: ClusterActuator;
  readonly reader: Pick<ClusterReader, 'get'>;
  readonly record: ActionRecord;
  readonly clock: Clock;
  /** Between two looks; default: the time goes by. Rejects when the signal aborts. */
  readonly pause?: (delayMs: number, signal: AbortSignal | undefined) => Promise<void>;
}

export const NAMESPACES: ResourceRef = { group: '', version: 'v1', resource: 'namespaces', namespace: null };
export const podsIn = (namespace: string): ResourceRef => ({ group: '', version: 'v1', resource: 'pods', namespace });

const POLL_MS = 400;

async function goBy(delayMs: number, signal: AbortSignal | undefined): Promise<void> {
  await pause(delayMs, undefined, signal === undefined ? {} : { signal });
}
const MAX_EVENTS = 100;
/** More than a cluster has nodes that one case looks at. */
const MAX_PODS = 1000;

/** Asks again and again until there is an answer; `null` = none within the time. Throws what `ask` throws, and the signal's reason. */
export async function poll<T>(
  { clock, pause: between = goBy }: Pick<PodCluster, 'clock' | 'pause'>,
  { forMs, signal }: { readonly forMs: () => number; readonly signal?: AbortSignal | undefined },
  ask: () => Promise<T | null>,
): Promise<T | null> {
  const begunUs = clock.monoUs();
  for (;;) {
    const answer = await ask();
    if (answer !== null) return answer;
    if ((clock.monoUs() - begunUs) / 1000 >= forMs()) return null;
    await between(POLL_MS, signal);
  }
}

/** An object as it is; `null` when the server says that there is none. Throws `NODE_ACCESS_LOST` for any other answer. */
export async function readObject(
  { actuator }: Pick<PodCluster, 'actuator'>,
  ref: ObjectRef,
  signal?: AbortSignal,
): Promise<unknown> {
  const answer = await actuator.get(ref, signal === undefined ? {} : { signal });
  if (answer.outcome === 'done') return answer.object;
  if (answer.outcome === 'refused' && answer.refusal.kind === 'not-found') return null;
  const why = answer.outcome === 'refused' ? answer.refusal.message : answer.detail;
  throw new ExhibitError('NODE_ACCESS_LOST', `the API server does not show ${ref.resource} ${ref.name}: ${why}`, {
    subject: ref.name,
  });
}

/** Events about a pod, the oldest first; none when they may not be read: they only explain. */
export async function readEvents(
  { reader }: Pick<PodCluster, 'reader'>,
  pod: { readonly namespace: string; readonly uid: string },
  signal: AbortSignal,
): Promise<readonly PodEvent[]> {
  const answer = await reader.get({
    path: `/api/v1/namespaces/${encodeURIComponent(pod.namespace)}/events`,
    query: [
      ['fieldSelector', `involvedObject.uid=${pod.uid}`],
      ['limit', String(MAX_EVENTS)],
    ],
    kind: 'small',
    attempts: 1,
    signal,
  });
  if (answer.status !== 200) return [];
  return arrayAt(parseJson(answer.body), 'items')
    .map((event) => ({
      reason: stringAt(event, 'reason') ?? '',
      message: stringAt(event, 'message') ?? '',
      at: stringAt(event, 'lastTimestamp') ?? stringAt(event, 'eventTime') ?? '',
    }))
    .toSorted((one, other) => (one.at < other.at ? -1 : Number(one.at > other.at)));
}

/** Why the node would start nothing, in plain words; `null` when it says that it is ready or may not be read. */
export async function readNodeTrouble(
  { reader }: Pick<PodCluster, 'reader'>,
  node: string,
  signal: AbortSignal,
): Promise<string | null> {
  const answer = await reader.get({
    path: `/api/v1/nodes/${encodeURIComponent(node)}`,
    kind: 'small',
    attempts: 1,
    signal,
  });
  if (answer.status === 404) return 'there is no such node';
  if (answer.status !== 200) return null;
  const ready = arrayAt(parseJson(answer.body), 'status', 'conditions').find(
    (condition) => valueAt(condition, 'type') === 'Ready',
  );
  if (stringAt(ready, 'status') === 'True') return null;
  return `the node is not ready: ${stringAt(ready, 'reason') ?? 'no reason'}, ${stringAt(ready, 'message') ?? 'no message'}`;
}

/** Names of the pods in a namespace that did not come to their end. Throws `NODE_ACCESS_LOST` when the server does not say. */
export async function runningPodsIn({ reader }: Pick<PodCluster, 'reader'>, namespace: string): Promise<string[]> {
  const answer = await reader.get({
    path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods`,
    query: [['limit', String(MAX_PODS)]],
    kind: 'small',
  });
  if (answer.status !== 200) {
    throw new ExhibitError('NODE_ACCESS_LOST', `the list of its pods was answered with ${String(answer.status)}`, {
      subject: namespace,
    });
  }
  return arrayAt(parseJson(answer.body), 'items')
    .filter((pod) => !['Succeeded', 'Failed'].includes(stringAt(pod, 'status', 'phase') ?? ''))
    .map((pod) => stringAt(pod, 'metadata', 'name') ?? '');
}
