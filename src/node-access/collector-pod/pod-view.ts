import { arrayAt, integerAt, stringAt, valueAt } from '../../lib/untyped.js';
import { CONTAINER } from './pod-spec.js';

/** What the API says of the pod at one moment. All strings are untrusted; empty = not said. */
export interface PodView {
  readonly uid: string;
  readonly phase: string;
  /** Of the pod: `Evicted`, `DeadlineExceeded`, `NodeAffinity`. */
  readonly reason: string;
  readonly message: string;
  readonly ending: boolean;
  /** Why somebody takes it away: `EvictionByEvictionAPI: Eviction API: evicting`. */
  readonly disruption: string;
  readonly container: 'unknown' | 'waiting' | 'running' | 'terminated';
  /** Of the container's state: `ErrImagePull`, `OOMKilled`. */
  readonly containerReason: string;
  readonly containerMessage: string;
  readonly exitCode: number | null;
  readonly containerId: string;
  readonly imageId: string;
}

/** The condition with which evictions, preemptions and the garbage collection of pods say who they are. */
function disruptionOf(pod: unknown): string {
  const condition = arrayAt(pod, 'status', 'conditions').find(
    (one) => stringAt(one, 'type') === 'DisruptionTarget' && stringAt(one, 'status') === 'True',
  );
  return [stringAt(condition, 'reason') ?? '', stringAt(condition, 'message') ?? '']
    .filter((text) => text !== '')
    .join(': ');
}

export function podViewOf(pod: unknown): PodView {
  const status = arrayAt(pod, 'status', 'containerStatuses').find((one) => stringAt(one, 'name') === CONTAINER);
  const container =
    (['running', 'terminated', 'waiting'] as const).find(
      (state) => typeof (valueAt(status, 'state', state) ?? undefined) === 'object',
    ) ?? 'unknown';
  return {
    uid: stringAt(pod, 'metadata', 'uid') ?? '',
    phase: stringAt(pod, 'status', 'phase') ?? '',
    reason: stringAt(pod, 'status', 'reason') ?? '',
    message: stringAt(pod, 'status', 'message') ?? '',
    ending: stringAt(pod, 'metadata', 'deletionTimestamp') !== undefined,
    disruption: disruptionOf(pod),
    container,
    containerReason: stringAt(status, 'state', container, 'reason') ?? '',
    containerMessage: stringAt(status, 'state', container, 'message') ?? '',
    exitCode: integerAt(status, 'state', 'terminated', 'exitCode') ?? null,
    containerId: stringAt(status, 'containerID') ?? '',
    imageId: stringAt(status, 'imageID') ?? '',
  };
}

function endWithin(view: PodView): string | null {
  if (view.phase === 'Failed' && view.reason !== '')
    return `the collector pod ended: ${view.reason}${view.message === '' ? '' : ` (${view.message})`}`;
  if (view.container === 'terminated') {
    const reason = view.containerReason === '' ? 'no reason given' : view.containerReason;
    return `the container of the collector pod ended: ${reason}, exit ${String(view.exitCode)}`;
  }
  if (view.ending) return 'the collector pod is being deleted';
  return view.phase === 'Failed' || view.phase === 'Succeeded' ? `the collector pod ended: ${view.phase}` : null;
}

/** How a pod that ran came to its end, and by whom where the cluster says so, in plain words; `null` while it runs. */
export function endOf(view: PodView | null): string | null {
  if (view === null) return 'the collector pod was deleted';
  const end = endWithin(view);
  return end === null || view.disruption === '' ? end : `${end}, by ${view.disruption}`;
}
