import { endOf, type PodView } from './pod-view.js';

/** An event about the pod, as the API lists them; untrusted. */
export interface PodEvent {
  readonly reason: string;
  readonly message: string;
}

export type StartVerdict =
  | { readonly verdict: 'running' }
  /**
   * `pulling`: its image is on the way, which may take longer than everything else. `obstacle`: what the kubelet tries again by itself;
   * the reason, should the time run out.
   */
  | { readonly verdict: 'wait'; readonly pulling: boolean; readonly obstacle: StartObstacle | null }
  | ({ readonly verdict: 'refused' } & StartObstacle);

export interface StartObstacle {
  /** Kebab-case. */
  readonly reason: string;
  /** In the words of the cluster; untrusted. */
  readonly detail: string;
}

const IMAGE_REASONS = new Set([
  'ErrImagePull',
  'ImagePullBackOff',
  'ErrImageNeverPull',
  'InvalidImageName',
  'ImageInspectError',
  'RegistryUnavailable',
  'SignatureValidationFailed',
]);
const CONTAINER_REASONS = new Set([
  'CreateContainerConfigError',
  'CreateContainerError',
  'RunContainerError',
  'PreCreateHookError',
  'CrashLoopBackOff',
]);
/** Events that say why a pod does not start yet. */
const EVENT_REASONS: Readonly<Record<string, string>> = {
  FailedCreatePodSandBox: 'sandbox-refused',
  FailedMount: 'mount-refused',
  FailedScheduling: 'unschedulable',
  NetworkNotReady: 'node-not-ready',
};

const sentence = (reason: string, message: string): string => (message === '' ? reason : `${reason}: ${message}`);

/** Whether a pod will run, from what its status and its events say. */
export function judgeStart(view: PodView, events: readonly PodEvent[]): StartVerdict {
  if (view.ending) return { verdict: 'refused', reason: 'deleted', detail: 'somebody deletes the collector pod' };
  if (view.phase === 'Failed' || view.container === 'terminated') {
    const reason = view.reason.startsWith('OutOf') ? 'node-full' : 'kubelet-refused';
    return { verdict: 'refused', reason, detail: endOf(view) ?? view.phase };
  }
  if (view.container === 'running') return { verdict: 'running' };
  const waiting = sentence(view.containerReason, view.containerMessage);
  if (IMAGE_REASONS.has(view.containerReason)) return { verdict: 'refused', reason: 'image-missing', detail: waiting };
  if (CONTAINER_REASONS.has(view.containerReason)) {
    return { verdict: 'refused', reason: 'container-refused', detail: waiting };
  }
  const telling = events.findLast((event) => Object.hasOwn(EVENT_REASONS, event.reason));
  const pulling =
    events.some(({ reason }) => reason === 'Pulling') && !events.some(({ reason }) => reason === 'Pulled');
  return {
    verdict: 'wait',
    pulling,
    obstacle:
      telling === undefined
        ? null
        : { reason: EVENT_REASONS[telling.reason] ?? '', detail: sentence(telling.reason, telling.message) },
  };
}
