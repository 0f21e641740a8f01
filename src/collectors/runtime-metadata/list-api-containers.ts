import { arrayAt, stringAt, valueAt } from '../../lib/untyped.js';
import { captureList } from '../capture-list.js';
import { concernsOneAnswer } from '../interrupted.js';
import type { StepResult } from '../combine-results.js';
import type { NodeWork } from '../node-step.js';

const STATUSES = ['containerStatuses', 'initContainerStatuses', 'ephemeralContainerStatuses'] as const;

export interface ApiSample {
  /** Ids, without the runtime's name, of containers that the API calls running; `null` where it was not whole. */
  readonly running: ReadonlySet<string> | null;
  /** Every id that the API names in any state, and pods by UID, which tells the pause containers of the runtime. */
  readonly known: ReadonlySet<string>;
  readonly podUids: ReadonlySet<string>;
  /** `null` where no cluster is asked. */
  readonly step: StepResult | null;
}

function idOf(text: string | undefined): string | null {
  return text === undefined ? null : (/^[a-z0-9.+-]{1,32}:\/\/([0-9a-f]{64})$/.exec(text)?.[1] ?? null);
}

function readPod(pod: unknown, into: { running: Set<string>; known: Set<string>; podUids: Set<string> }): void {
  const uid = stringAt(pod, 'metadata', 'uid');
  if (uid !== undefined) into.podUids.add(uid);
  // A static pod's containers carry the hash of its file in place of the UID.
  const mirrored = stringAt(pod, 'metadata', 'annotations', 'kubernetes.io/config.hash');
  if (mirrored !== undefined) into.podUids.add(mirrored);
  for (const status of STATUSES.flatMap((list) => arrayAt(pod, 'status', list))) {
    const id = idOf(stringAt(status, 'containerID'));
    const last = idOf(stringAt(status, 'lastState', 'terminated', 'containerID'));
    for (const one of [id, last]) if (one !== null) into.known.add(one);
    if (id !== null && valueAt(status, 'state', 'running') !== undefined) into.running.add(id);
  }
}

/** Lists the pods of the node, whatever the scope: one that is not in scope is no ghost. Keeps the pages as received. */
export async function listApiContainers(work: NodeWork, when: 'before' | 'after'): Promise<ApiSample> {
  const { planned, part, collector, context } = work;
  const into = { running: new Set<string>(), known: new Set<string>(), podUids: new Set<string>() };
  const folder = `data/nodes/${part.segment}/${collector}/views/api-${when}`;
  const step = `api-${when}`;
  try {
    const result = await captureList(
      {
        request: { path: '/api/v1/pods', query: [['fieldSelector', `spec.nodeName=${part.node}`]] },
        artifact: planned.artifact,
        collector,
        resource: 'core.v1.pods',
        namespace: '',
        folder,
        indexFolder: folder.replace(/^data\//, 'data/derived/'),
        sensitivity: 'secret',
        refuse: (page) => {
          for (const pod of page.items) readPod(pod, into);
          return null;
        },
      },
      context,
    );
    const isWhole = result.outcome === 'collected' || result.outcome === 'empty';
    return {
      ...into,
      running: isWhole ? into.running : null,
      step: result.reason === 'no-cluster' ? null : { step, result },
    };
  } catch (error) {
    if (!concernsOneAnswer(error)) throw error;
    const reason = error.code.toLowerCase().replaceAll('_', '-');
    return {
      ...into,
      running: null,
      step: { step, result: { outcome: 'failed', reason, detail: error.message, proof: {} } },
    };
  }
}
