import { setTimeout as pause } from 'node:timers/promises';
import { stringAt } from '../../lib/untyped.js';
import type { ActuateAnswer } from '../../ports/cluster-actuator.js';
import { podsIn, poll, readEvents, readNodeTrouble, readObject, type PodCluster } from './cluster-calls.js';
import { comparePod, type PodDifference } from './compare-pod.js';
import { judgeStart, type PodEvent, type StartObstacle } from './judge-start.js';
import type { CollectorPod } from './pod-spec.js';
import { podViewOf, type PodView } from './pod-view.js';
import { createObject } from './create-object.js';
import { podRefused } from './refusal-reason.js';

const DECIDED_WITHIN_MS = 20_000;
/** While the kubelet says that it pulls the image. */
const PULLED_WITHIN_MS = 120_000;
/** In a namespace that was just made the default service account comes a moment later. */
const ACCOUNT_WITHIN_MS = 10_000;
const ACCOUNT_POLL_MS = 300;
const MAX_SHOWN = 20;
const MAX_SHOWN_LENGTH = 300;

/** A pod that was admitted as it was sent. */
export interface AdmittedPod {
  readonly sent: CollectorPod;
  readonly uid: string;
}

function shown({ path, sent, admitted }: PodDifference): string {
  const text = (value: unknown): string =>
    value === undefined ? 'nothing' : JSON.stringify(value).slice(0, MAX_SHOWN_LENGTH);
  return `${path}: sent ${text(sent)}, found ${text(admitted)}`;
}

/** For the finding: each field, as text; untrusted. */
export function changesShown(changes: readonly PodDifference[]): string[] {
  return changes.slice(0, MAX_SHOWN).map(shown);
}

export const refOf = ({ metadata }: CollectorPod) => ({ ...podsIn(metadata.namespace), name: metadata.name });

const lacksAccount = (answer: ActuateAnswer): boolean =>
  answer.outcome === 'refused' && answer.refusal.message.includes('serviceaccount "default" not found');

/** The signal ends the waiting between two tries, and never a try: what was made must be known. */
async function send(cluster: PodCluster, pod: CollectorPod, signal: AbortSignal): Promise<ActuateAnswer> {
  const { clock, actuator } = cluster;
  const begunUs = clock.monoUs();
  for (;;) {
    const answer = await actuator.create(podsIn(pod.metadata.namespace), pod);
    const isOver = clock.monoUs() - begunUs > ACCOUNT_WITHIN_MS * 1000;
    if (isOver || !lacksAccount(answer)) return answer;
    await pause(ACCOUNT_POLL_MS, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return answer;
  }
}

/**
 * Creates the pod, on record before and after, and compares what was admitted with what was sent. What `made` was told of is there and
 * must be removed, whatever `changes` say and whatever is thrown. Throws `NODE_ACCESS_REFUSED` when nothing was made.
 */
export async function createPod(
  cluster: PodCluster,
  { sent, made }: { readonly sent: CollectorPod; readonly made: (uid: string) => void },
  signal: AbortSignal,
): Promise<AdmittedPod & { readonly changes: readonly PodDifference[] }> {
  const { namespace, name } = sent.metadata;
  signal.throwIfAborted();
  const { object, uid } = await createObject(cluster, {
    kind: 'create-collector-pod',
    ref: refOf(sent),
    object: sent,
    undo: `kubectl --namespace ${namespace} delete pod ${name}`,
    send: async () => await send(cluster, sent, signal),
    made,
    after: (pod) => {
      const { changes, defaults } = comparePod(sent, pod, 'admitted');
      return { changed: changesShown(changes), defaults: changesShown(defaults) };
    },
  });
  return { sent, uid, changes: comparePod(sent, object, 'admitted').changes };
}

async function look(
  cluster: PodCluster,
  pod: AdmittedPod,
  signal: AbortSignal,
): Promise<{ object: unknown; view: PodView; events: readonly PodEvent[] }> {
  const object = await readObject(cluster, refOf(pod.sent), signal);
  if (object === null || stringAt(object, 'metadata', 'uid') !== pod.uid) {
    throw podRefused('deleted', 'the collector pod was deleted before it ran');
  }
  const view = podViewOf(object);
  const { namespace } = pod.sent.metadata;
  const events = view.container === 'running' ? [] : await readEvents(cluster, { namespace, uid: pod.uid }, signal);
  return { object, view, events };
}

const SILENCE: StartObstacle = { reason: 'not-started', detail: 'the kubelet said nothing about the pod' };

/**
 * Waits until the container runs. Decides within 20 seconds, by status and events; longer only while the image is being pulled. Gives
 * the pod as it then is. Throws `NODE_ACCESS_REFUSED` with what the cluster says.
 */
export async function awaitRunning(cluster: PodCluster, pod: AdmittedPod, signal: AbortSignal): Promise<unknown> {
  let forMs = DECIDED_WITHIN_MS;
  let obstacle = SILENCE;
  const running = await poll(cluster, { forMs: () => forMs, signal }, async () => {
    const { object, view, events } = await look(cluster, pod, signal);
    const verdict = judgeStart(view, events);
    if (verdict.verdict === 'running') return { object };
    if (verdict.verdict === 'refused') throw podRefused(verdict.reason, verdict.detail);
    forMs = verdict.pulling ? PULLED_WITHIN_MS : DECIDED_WITHIN_MS;
    obstacle = verdict.pulling
      ? { reason: 'image-missing', detail: 'the image is still being pulled' }
      : (verdict.obstacle ?? SILENCE);
    return null;
  });
  if (running !== null) return running.object;
  const trouble = await readNodeTrouble(cluster, pod.sent.spec.nodeName, signal);
  const { reason, detail } = trouble === null ? obstacle : { reason: 'node-not-ready', detail: trouble };
  throw podRefused(reason, `${detail} (not running after ${String(forMs / 1000)} s)`);
}
