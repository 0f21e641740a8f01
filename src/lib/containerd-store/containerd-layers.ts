import type { ContainerLayers } from '../container-layers.js';
import { podOfLabels } from '../store-files.js';
import { snapshotterFolder } from './containerd-roots.js';
import type { ContainerRecord } from './parse-container.js';
import { snapshotNameKey, type ContainerdMeta } from './read-meta.js';
import type { SnapshotterState } from './read-snapshotter.js';

/** Real images have up to 127 layers. */
const MAX_CHAIN = 512;
/** Snapshotters whose snapshots are trees below `snapshots/<id>/fs`. */
const OVERLAY_LIKE: ReadonlySet<string> = new Set(['overlayfs', 'fuse-overlayfs', 'stargz', 'nydus']);
const DEFAULT_SNAPSHOTTER = 'overlayfs';

export interface ContainerdStore {
  /** Absolute path on the node. */
  readonly root: string;
  readonly meta: ContainerdMeta;
  /** By snapshotter, for those whose database could be read. */
  readonly snapshotters: ReadonlyMap<string, SnapshotterState>;
}

interface Chain {
  readonly ids: readonly number[];
  readonly problems: readonly string[];
}

/** The snapshot of a deleted container goes only when containerd next clears up; its backend name ends in its key. */
function leftBehind(snapshotKey: string, { snapshots }: SnapshotterState): string | undefined {
  return snapshotKey === '' ? undefined : [...snapshots.keys()].find((name) => name.endsWith(`/${snapshotKey}`));
}

function chainOf(container: ContainerRecord, state: SnapshotterState, meta: ContainerdMeta): Chain {
  const snapshotter = container.snapshotter === '' ? DEFAULT_SNAPSHOTTER : container.snapshotter;
  const name = container.carved
    ? leftBehind(container.snapshotKey, state)
    : meta.snapshotNames.get(snapshotNameKey(container.namespace ?? '', snapshotter, container.snapshotKey));
  if (name === undefined) return { ids: [], problems: ['snapshot-missing'] };
  const ids: number[] = [];
  for (let at: string | null = name; at !== null && ids.length < MAX_CHAIN;) {
    const snapshot = state.snapshots.get(at);
    if (snapshot === undefined || ids.includes(snapshot.id)) return { ids, problems: ['chain-broken'] };
    ids.push(snapshot.id);
    at = snapshot.parent;
  }
  return { ids, problems: ids.length === MAX_CHAIN ? ['chain-broken'] : [] };
}

function treesOf(container: ContainerRecord, { root, meta, snapshotters }: ContainerdStore) {
  const snapshotter = container.snapshotter === '' ? DEFAULT_SNAPSHOTTER : container.snapshotter;
  const layout = OVERLAY_LIKE.has(snapshotter) ? 'overlay' : snapshotter === 'native' ? 'copy' : 'unknown';
  const none = { layout, snapshotter, upper: null, lowers: [] } as const;
  if (layout === 'unknown') return { ...none, problems: ['snapshotter-without-trees'] };
  const state = snapshotters.get(snapshotter);
  if (state === undefined) return { ...none, problems: ['snapshotter-unreadable'] };
  const { ids, problems } = chainOf(container, state, meta);
  const [upper, ...lowers] = ids.map(
    (id) => `${root}/${snapshotterFolder(snapshotter)}/snapshots/${String(id)}${layout === 'overlay' ? '/fs' : ''}`,
  );
  return { layout, snapshotter, upper: upper ?? null, lowers, problems } as const;
}

function kindOf(labels: Readonly<Record<string, string>>): ContainerLayers['kind'] {
  const kind = labels['io.cri-containerd.kind'];
  return kind === 'container' || kind === 'sandbox' ? kind : null;
}

/** Every container of one containerd, running, stopped or deleted and carved, with the folders its root file system is made of. */
export function containerdLayers(store: ContainerdStore): ContainerLayers[] {
  const digests = new Map(store.meta.images.map(({ namespace, name, digest }) => [`${namespace}\0${name}`, digest]));
  return store.meta.containers.map((container) => {
    const { labels } = container;
    return {
      runtime: 'containerd',
      id: container.id,
      namespace: container.namespace,
      pod: podOfLabels(labels),
      name: labels['io.kubernetes.container.name'] ?? labels['nerdctl/name'] ?? null,
      kind: kindOf(labels),
      image: container.image,
      imageDigest: digests.get(`${container.namespace ?? ''}\0${container.image ?? ''}`) ?? null,
      createdAt: container.createdAt,
      labels,
      ...treesOf(container, store),
      engineLowers: 0,
      spec: container.spec,
      carved: container.carved,
    };
  });
}
