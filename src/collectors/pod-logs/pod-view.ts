import { arrayAt, integerAt, parseJson, stringAt, valueAt } from '../../lib/untyped.js';

const STATUS_LISTS = ['containerStatuses', 'initContainerStatuses', 'ephemeralContainerStatuses'] as const;

/** One container as a pod's status shows it at one moment. Ids as the server gives them: `containerd://...`, untrusted. */
export interface ContainerView {
  readonly containerId: string | null;
  readonly previousId: string | null;
  readonly restartCount: number | null;
}

export interface PodView {
  readonly uid: string;
  /** `null` when the status does not list the container (yet). */
  readonly container: ContainerView | null;
}

/** The API writes an empty id for a container that never ran. */
function idOf(text: string | undefined): string | null {
  return text === undefined || text === '' ? null : text;
}

function containerView(status: unknown): ContainerView {
  return {
    containerId: idOf(stringAt(status, 'containerID')),
    previousId: idOf(stringAt(status, 'lastState', 'terminated', 'containerID')),
    restartCount: integerAt(status, 'restartCount') ?? null,
  };
}

/** A pod as received, as far as its one container is concerned; `null` when the body is no pod. */
export function parsePodView(body: Buffer, container: string): PodView | null {
  const pod = parseJson(body);
  const uid = stringAt(pod, 'metadata', 'uid');
  if (uid === undefined || uid === '') return null;
  for (const list of STATUS_LISTS) {
    const status = arrayAt(valueAt(pod, 'status'), list).find((one) => stringAt(one, 'name') === container);
    if (status !== undefined) return { uid, container: containerView(status) };
  }
  return { uid, container: null };
}
