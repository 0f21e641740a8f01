import type { CollectContext } from '../../ports/collector.js';
import { concernsOneAnswer } from '../interrupted.js';
import { podPath, type PlannedLog } from './planned-log.js';
import { parsePodView, type ContainerView } from './pod-view.js';

/** A pod is at most some 1.5 MB in etcd. */
const MAX_POD_BYTES = 4 * 1024 * 1024;

/** `gone` and `replaced` are proven; `unknown` says why nothing is known. */
export type PodReading =
  | { readonly state: 'there'; readonly container: ContainerView | null }
  | { readonly state: 'gone' | 'replaced'; readonly status: number; readonly uid: string }
  | { readonly state: 'unknown'; readonly why: string };

/** How the container stands now. Throws only what concerns the whole run; a log can be read without knowing this. */
export async function readPod(log: PlannedLog, context: CollectContext): Promise<PodReading> {
  try {
    const answer = await context.cluster.get({
      path: podPath(log),
      kind: 'small',
      maxBytes: MAX_POD_BYTES,
      signal: context.signal,
    });
    if (answer.status === 404) return { state: 'gone', status: 404, uid: '' };
    const view = answer.status === 200 ? parsePodView(answer.body, log.container) : null;
    if (view === null) return { state: 'unknown', why: `status-${String(answer.status)}` };
    if (view.uid !== log.uid) return { state: 'replaced', status: answer.status, uid: view.uid };
    return { state: 'there', container: view.container };
  } catch (error) {
    if (!concernsOneAnswer(error)) throw error;
    return { state: 'unknown', why: error.code.toLowerCase().replaceAll('_', '-') };
  }
}
