import { compareViews, type NodeViews, type ViewSamples } from '../../lib/container-views.js';
import type { CollectResult } from '../../ports/collector.js';
import { DerivedLines } from '../derived-lines.js';
import type { NodeWork } from '../node-step.js';
import { nodeSubject } from '../node-subject.js';
import { readSmallFiles, type ReadFiles } from '../read-small-files.js';
import { TASK_FILES } from '../runtime-store-scripts.js';
import { readRuntimeStores, type RuntimeStores } from '../runtime-stores.js';
import { containerLine } from './container-line.js';
import { judgeSteps } from './judge-steps.js';
import { listApiContainers, type ApiSample } from './list-api-containers.js';
import { sampleViews, type KernelSample } from './sample-views.js';

/** A folder of a task is named after its container in each runtime. */
const ID_IN_PATH = /(?:^|\/)([0-9a-f]{64})\//;

/** CRI-O and podman keep their files of a container that ended; its runtime, runc or crun, does not. */
const KEPT_AFTER_END = 'containers-storage';

function idsOf(files: ReadFiles): Set<string> {
  const ids = new Set<string>();
  for (const [name, place] of files.places) {
    if (name === KEPT_AFTER_END) continue;
    for (const path of place.keys()) {
      const id = ID_IN_PATH.exec(path)?.[1];
      if (id !== undefined) ids.add(id);
    }
  }
  return ids;
}

/** What the API names, and the runtime's own containers of pods that the API names: it does not tell of the pause containers. */
function apiKnown(sample: ApiSample, stores: RuntimeStores): ReadonlySet<string> | null {
  if (sample.running === null) return null;
  const ofPods = stores.containers.filter(({ kind, pod }) => kind === 'sandbox' && sample.podUids.has(pod?.uid ?? ''));
  return new Set([...sample.known, ...ofPods.map(({ id }) => id)]);
}

interface Gathered {
  readonly stores: RuntimeStores;
  readonly tasks: ReadFiles;
  readonly kernel: readonly [KernelSample, KernelSample];
  readonly api: readonly [ApiSample, ApiSample];
}

function viewsOf({ stores, tasks, kernel, api }: Gathered): NodeViews {
  const once = (ids: ReadonlySet<string> | null): ViewSamples => ({ before: ids, after: ids });
  const living = stores.containers.filter(({ carved }) => !carved).map(({ id }) => id);
  const taskIds = idsOf(tasks);
  return {
    'api-running': { before: api[0].running, after: api[1].running },
    'api': { before: apiKnown(api[0], stores), after: apiKnown(api[1], stores) },
    'store': once(living.length === 0 ? null : new Set(living)),
    'task': once(taskIds.size === 0 ? null : taskIds),
    'cgroup': { before: kernel[0].cgroups, after: kernel[1].cgroups },
    'process': { before: kernel[0].processes, after: kernel[1].processes },
  };
}

async function writeContainers(work: NodeWork, gathered: Gathered, views: NodeViews): Promise<number> {
  const { planned, part, collector, context, access } = work;
  const { vantage } = access.facts;
  const folder = `data/derived/nodes/${part.segment}`;
  const draft = { artifact: planned.artifact, collector, vantage, sensitivity: 'normal' } as const;
  const { stores, tasks, kernel } = gathered;
  const lines = new DerivedLines(context.sink, { ...draft, path: `${folder}/containers.jsonl` });
  const findings = new DerivedLines(context.sink, { ...draft, path: `${folder}/container-views.jsonl` });
  const running = views.process.after;
  try {
    for (const container of stores.containers) {
      const hasTask = views.task.after?.has(container.id) ?? false;
      await lines.add(containerLine(container, { hasTask, hasProcesses: running?.has(container.id) ?? null }));
    }
    await lines.commit(nodeSubject(part), stores.paths);
    const named = new Map(stores.containers.filter(({ carved }) => !carved).map((one) => [one.id, one]));
    for (const finding of compareViews(views)) {
      const { pod = null, name = null, namespace = null } = named.get(finding.containerId) ?? {};
      await findings.add({
        ...finding,
        pod: pod === null ? null : { namespace: pod.namespace, name: pod.name },
        name,
        namespace,
      });
    }
    const sampled = kernel.flatMap(({ path }) => path ?? []);
    await findings.commit(nodeSubject(part), [...stores.paths, ...tasks.paths, ...sampled]);
    return findings.lines;
  } finally {
    await lines.abort();
    await findings.abort();
  }
}

const NO_FILES: ReadFiles = { places: new Map(), steps: [], paths: [] };

/** What stands for a look that nobody could take: a disk has no processes. */
const NOTHING_SEEN: Look = {
  kernel: { processes: null, cgroups: null, step: null, path: null },
  api: { running: null, known: new Set(), podUids: new Set(), step: null },
};

interface Look {
  readonly kernel: KernelSample;
  readonly api: ApiSample;
}

async function look(work: NodeWork, when: 'before' | 'after'): Promise<Look> {
  if (work.access.facts.vantage !== 'live-kernel') return NOTHING_SEEN;
  return { kernel: await sampleViews(work, when), api: await listApiContainers(work, when) };
}

/**
 * Reads what the node's runtimes keep of their containers, between two looks at what the kernel and the API show, and compares them.
 * The looks are in this order so that a container that is made or ended meanwhile shows as such.
 */
export async function readContainers(work: NodeWork): Promise<CollectResult> {
  const isLive = work.access.facts.vantage === 'live-kernel';
  const before = await look(work, 'before');
  const stores = await readRuntimeStores(work);
  const tasks = isLive ? await readSmallFiles(work, 'tasks', TASK_FILES) : NO_FILES;
  const after = await look(work, 'after');
  const gathered: Gathered = { stores, tasks, kernel: [before.kernel, after.kernel], api: [before.api, after.api] };
  const findings = await writeContainers(work, gathered, viewsOf(gathered));
  const looks = [before, after].flatMap(({ kernel, api }) => [kernel.step, api.step]).filter((step) => step !== null);
  const carved = stores.containers.filter((one) => one.carved).length;
  const containers = stores.containers.length - carved;
  return judgeSteps([...stores.steps, ...tasks.steps, ...looks], { containers, carved, findings });
}
