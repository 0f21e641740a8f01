import { ExhibitError } from '../../model/errors.js';
import type { ClusterExec } from '../../ports/cluster-exec.js';
import type { FarExec, FarExecEnd, StartFar } from '../far-exec.js';
import { poll, readObject, type PodCluster } from './cluster-calls.js';
import { CONTAINER, type CollectorPod } from './pod-spec.js';
import { endOf, podViewOf } from './pod-view.js';
import { refOf } from './start-pod.js';

/** The script's own time-outs end it; this is only for a peer that is gone. */
const NEVER_IDLE_MS = 24 * 3600 * 1000;
/**
 * Standard input that nobody reads would hold back the connection, and with it the end of the exec: what a script leaves is taken and
 * thrown away. Seen with containerd 1.6.
 */
const DRAINING = ['sh', '-c', '"$@"; status=$?; cat >/dev/null; exit "$status"', 'exhibit'];
/** In which the API learns that a pod has ended. */
const TOLD_WITHIN_MS = 4000;

interface RunningPod {
  readonly sent: CollectorPod;
  readonly uid: string;
}

/** What became of the pod, when a stream broke; `null` = it runs as far as the API knows, or the API does not say. */
async function whatBecameOf(cluster: PodCluster, { sent, uid }: RunningPod): Promise<string | null> {
  try {
    return await poll(cluster, { forMs: () => TOLD_WITHIN_MS }, async () => {
      const object = await readObject(cluster, refOf(sent));
      const view = object === null ? null : podViewOf(object);
      return endOf(view?.uid === uid ? view : null);
    });
  } catch {
    return null;
  }
}

function isOfTransport(error: unknown): error is ExhibitError {
  return error instanceof ExhibitError && /^(CLUSTER_|TARGET_GONE$|TIMEOUT$|CUT$)/.test(error.code);
}

/** Runs programs in the collector pod. A stream that broke is told together with what became of the pod. */
export function startInPod({ cluster, exec }: { cluster: PodCluster; exec: ClusterExec }, pod: RunningPod): StartFar {
  const { namespace, name } = pod.sent.metadata;
  return async (far: FarExec): Promise<FarExecEnd> => {
    const ofConsumer: unknown[] = [];
    const failed = (error: unknown): never => {
      ofConsumer.push(error);
      throw error;
    };
    try {
      const end = await exec.exec({
        namespace,
        pod: name,
        container: CONTAINER,
        argv: [...DRAINING, ...far.argv],
        stdin: far.stdin,
        stdout: (chunk) => {
          try {
            return far.stdout(chunk)?.catch(failed);
          } catch (error) {
            return failed(error);
          }
        },
        stderr: (chunk) => {
          far.stderr(chunk);
        },
        signal: far.signal,
        idleTimeoutMs: NEVER_IDLE_MS,
      });
      if (end.exitCode === 0 || far.signal.aborted) return { detail: end.detail, auditId: end.auditId };
      const became = await whatBecameOf(cluster, pod);
      return { detail: became === null ? end.detail : `${end.detail}; ${became}`, auditId: end.auditId };
    } catch (error) {
      far.signal.throwIfAborted();
      if (ofConsumer.length > 0 || !isOfTransport(error)) throw error;
      const became = await whatBecameOf(cluster, pod);
      throw new ExhibitError('NODE_ACCESS_LOST', became ?? error.message, { subject: name, cause: error });
    }
  };
}
