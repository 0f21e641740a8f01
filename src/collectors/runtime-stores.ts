import type { ContainerLayers } from '../lib/container-layers.js';
import { containerdLayers } from '../lib/containerd-store/containerd-layers.js';
import { META_DB } from '../lib/containerd-store/containerd-roots.js';
import { readContainerdMeta, type ContainerdMeta } from '../lib/containerd-store/read-meta.js';
import { readSnapshotter, type SnapshotterState } from '../lib/containerd-store/read-snapshotter.js';
import { storageLayers } from '../lib/containers-storage/storage-layers.js';
import { dockerLayers } from '../lib/docker-store/docker-layers.js';
import type { NodeAccess } from '../ports/node-access.js';
import type { StepResult } from './combine-results.js';
import { copyDatabases, type CopiedDatabase } from './copy-databases.js';
import { interrupted } from './interrupted.js';
import type { NodeWork } from './node-step.js';
import { readSmallFiles } from './read-small-files.js';
import { DOCKER_ROOT, STORAGE_ROOT, STORE_FILES } from './runtime-store-scripts.js';

/** What the runtimes' own stores on a node's disk say. */
export interface RuntimeStores {
  readonly containers: readonly ContainerLayers[];
  /** Of each containerd that there is, with its root. */
  readonly metas: readonly { readonly root: string; readonly meta: ContainerdMeta }[];
  /** How each copy ended. */
  readonly steps: readonly StepResult[];
  /** Those of containerd's databases alone. */
  readonly databaseSteps: readonly StepResult[];
  /** Payload files that it was read from, for `derivedFrom`. */
  readonly paths: readonly string[];
}

interface OneRoot {
  meta: ContainerdMeta | null;
  readonly snapshotters: Map<string, SnapshotterState>;
}

const SNAPSHOTTER = /^io\.containerd\.snapshotter\.v1\.([a-z-]+)\/metadata\.db$/;

/** Parses the copies of one node; one that is no database, or torn beyond use, ends its own step only. */
async function parseDatabases(
  copies: readonly CopiedDatabase[],
  work: NodeWork,
): Promise<{ roots: Map<string, OneRoot>; bad: StepResult[] }> {
  const roots = new Map<string, OneRoot>();
  const bad: StepResult[] = [];
  const { signal } = work.context;
  for (const copy of copies) {
    const root = roots.get(copy.root) ?? { meta: null, snapshotters: new Map<string, SnapshotterState>() };
    roots.set(copy.root, root);
    const source = work.context.sink.readBack(copy.path);
    try {
      const snapshotter = SNAPSHOTTER.exec(copy.file)?.[1];
      const read = copy.file === META_DB ? await readContainerdMeta(source, signal) : readSnapshotter(source);
      if ('containers' in read) root.meta = read;
      else if (snapshotter !== undefined) root.snapshotters.set(snapshotter, read);
      if (read.lost > 0) bad.push(damaged(copy, `${String(read.lost)} pages or records could not be read`));
    } catch (error) {
      if (signal.aborted) throw interrupted(error);
      if (!(error instanceof Error) || error.name !== 'NotBoltError') throw error;
      bad.push(damaged(copy, error.message));
    } finally {
      source.close();
    }
  }
  return { roots, bad };
}

function damaged({ root, file, changed }: CopiedDatabase, detail: string): StepResult {
  const reason = changed ? 'torn-copy' : 'database-damaged';
  return { step: `${root}/${file}`, result: { outcome: 'partial', reason, detail, proof: {} } };
}

/**
 * Copies the runtimes' stores of a node (containerd's databases, the files of Docker and of containers/storage) as items of the calling
 * artifact, in `data/nodes/<node>/<collector>/stores/`, and reads them: every container, running, stopped or deleted and carved, with
 * the folders that its root file system is made of. See `ContainerLayers`. Throws what concerns the run.
 */
export async function readRuntimeStores(work: NodeWork): Promise<RuntimeStores> {
  const reading = readStores(work);
  known.set(work.access, reading);
  try {
    return await reading;
  } catch (error) {
    if (known.get(work.access) === reading) known.delete(work.access);
    throw error;
  }
}

async function readStores(work: NodeWork): Promise<RuntimeStores> {
  const databases = await copyDatabases(work);
  const files = await readSmallFiles(work, 'stores', STORE_FILES);
  const { roots, bad } = await parseDatabases(databases.copies, work);
  const containers: ContainerLayers[] = [];
  const metas: { root: string; meta: ContainerdMeta }[] = [];
  for (const [root, { meta, snapshotters }] of roots) {
    if (meta === null) continue;
    metas.push({ root, meta });
    for (const one of containerdLayers({ root, meta, snapshotters })) containers.push(one);
  }
  const docker = files.places.get('docker') ?? new Map<string, Buffer>();
  const storage = files.places.get('containers-storage') ?? new Map<string, Buffer>();
  const all = [
    ...mergeDocker(containers, dockerLayers({ root: DOCKER_ROOT, files: docker })),
    ...storageLayers({ root: STORAGE_ROOT, files: storage }),
  ];
  const databaseSteps = [...databases.steps, ...bad];
  return {
    containers: all,
    metas,
    steps: [...databaseSteps, ...files.steps],
    databaseSteps,
    paths: [...databases.copies.map(({ path }) => path), ...files.paths],
  };
}

/** containerd's namespace for Docker, which keeps there what runs and how. */
const OF_DOCKER = 'moby';

/**
 * A container of Docker that runs stands in two stores: one line of both, by Docker's word with the specification that containerd has, and
 * with containerd's folders where Docker leaves them to it.
 */
function mergeDocker(
  ofContainerd: readonly ContainerLayers[],
  ofDocker: readonly ContainerLayers[],
): ContainerLayers[] {
  const shims = new Map(
    ofContainerd.flatMap((one) => (one.namespace === OF_DOCKER && !one.carved ? [[one.id, one] as const] : [])),
  );
  const merged = ofDocker.map((one) => {
    const shim = shims.get(one.id);
    if (shim === undefined) return one;
    const spec = shim.spec ?? one.spec;
    if (one.upper !== null || shim.upper === null) return { ...one, spec };
    const { snapshotter, layout, upper, lowers, engineLowers, problems } = shim;
    return { ...one, spec, snapshotter, layout, upper, lowers, engineLowers, problems };
  });
  const ids = new Set(merged.map(({ id }) => id));
  return [...ofContainerd.filter((one) => shims.get(one.id) !== one || !ids.has(one.id)), ...merged];
}

const known = new WeakMap<NodeAccess, Promise<RuntimeStores>>();

/** What was read last of this node in this run, or is being read, by whichever artifact; `undefined` when nobody could. */
export async function knownRuntimeStores(access: NodeAccess): Promise<RuntimeStores | undefined> {
  return await known.get(access)?.catch(() => undefined);
}
