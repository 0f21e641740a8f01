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
  readonly container: 'unknown' | 'waiting' | 'running' | 'terminated';
  /** Of the container's state: `ErrImagePull`, `OOMKilled`. */
  readonly containerReason: string;
  readonly containerMessage: string;
  readonly exitCode: number | null;
  readonly containerId: string;
  readonly imageId: string;
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
    container,
    containerReason: stringAt(status, 'state', container, 'reason') ?? '',
    containerMessage: stringAt(status, 'state', container, 'message') ?? '',
    exitCode: integerAt(status, 'state', 'terminated', 'exitCode') ?? null,
    containerId: stringAt(status, 'containerID') ?? '',
    imageId: stringAt(status, 'imageID') ?? '',
  };
}

/** How a pod that ran came to its end, in plain words; `null` while it runs. */
export function endOf(view: PodView | null): string | null {
  if (view === null) return 'the collector pod was deleted';
  if (view.phase === 'Failed' && view.reason !== '')
    return `the collector pod ended: ${view.reason}${view.message === '' ? '' : ` (${view.message})`}`;
  if (view.container === 'terminated') {
    const reason = view.containerReason === '' ? 'no reason given' : view.containerReason;
    return `the container of the collector pod ended: ${reason}, exit ${String(view.exitCode)}`;
  }
  if (view.ending) return 'the collector pod is being deleted';
  return view.phase === 'Failed' || view.phase === 'Succeeded' ? `the collector pod ended: ${view.phase}` : null;
}
