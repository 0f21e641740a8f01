import type { ContainerLayers } from '../../lib/container-layers.js';
import type { MountInfo } from '../../lib/mount-info.js';
import type { CollectResult } from '../../ports/collector.js';
import type { RuntimeStores } from '../runtime-stores.js';
import type { ContainerMounts } from './container-mounts.js';
import { findLayers } from './find-layers.js';
import type { LocatedContainer, Place } from './located-container.js';
import type { PlannedDiff } from './planned-diff.js';
import { storedContainers } from './stored-containers.js';

/**
 * A folder of the node that was mounted into the container, by its specification, in the form of a mount. What the runtime itself made
 * (proc, tmpfs) is gone with its processes.
 */
function volumeMountsOf(spec: ContainerLayers['spec']): MountInfo[] {
  return (spec?.mounts ?? []).flatMap(({ destination, source, type, readOnly }) => {
    if (!source.startsWith('/') || !destination.startsWith('/') || !['bind', ''].includes(type)) return [];
    const shape = { id: 0, parentId: 0, device: '', source: '', superOptions: [] };
    const latin1 = (text: string): string => Buffer.from(text).toString('latin1');
    const names = { root: latin1(source), mountPoint: latin1(destination) };
    return [{ ...shape, ...names, fsType: '', options: [readOnly ? 'ro' : 'rw'] }];
  });
}

/** What stands in for the mounts of a container that has none now. */
function mountsOf({ upper, lowers, spec }: ContainerLayers): ContainerMounts {
  return {
    startTicks: null,
    command: '',
    helper: '',
    root: null,
    layers: { upper, work: null, lowers, dataOnly: 0, userXattr: null },
    runtimeLayers: null,
    runtimeMountPoint: null,
    others: volumeMountsOf(spec),
    onNode: [],
    userNamespace: spec?.userNamespace ?? false,
  };
}

/** `absent` only where every store could be read and there is one. */
function notThere({ containers, steps }: RuntimeStores, state: string): CollectResult {
  const bad = steps.find(({ result }) => !['collected', 'empty', 'absent'].includes(result.outcome));
  const proof = { containers: containers.length, state };
  if (bad !== undefined) {
    const detail = `It does not run, and a store could not be read whole: ${bad.step}: ${bad.result.reason}`;
    return { outcome: 'failed', reason: 'store-incomplete', detail: detail.slice(0, 300), proof };
  }
  if (containers.length > 0)
    return {
      outcome: 'absent',
      reason: 'not-in-store',
      detail: "It does not run; the runtimes' stores lack it.",
      proof,
    };
  const detail = `No process of the container runs (the API says ${state}), and the node has no store that could be read.`;
  return { outcome: 'skipped', reason: 'not-running', detail, proof };
}

function withoutTrees({ layout, snapshotter, upper, problems }: ContainerLayers): CollectResult | null {
  const proof = { snapshotter: snapshotter.replace(/[^\x20-\x7e]/g, '?').slice(0, 40) };
  if (layout !== 'overlay') {
    const detail = 'The store keeps no layers of it that could be told apart.';
    return { outcome: 'skipped', reason: 'unsupported-root', detail, proof };
  }
  if (upper !== null) return null;
  const detail = `The store does not say where its layers are: ${problems.join(', ')}.`;
  return { outcome: 'failed', reason: 'layers-not-found', detail, proof };
}

/**
 * Finds the folders of a container's layers by what its runtime keeps on the disk: where nothing of it runs, or no processes can be seen.
 * Throws as `readRuntimeStores`.
 */
export async function locateInStore(
  planned: PlannedDiff,
  containerId: string,
  place: Place,
): Promise<LocatedContainer | CollectResult> {
  const isIt = ({ id }: ContainerLayers): boolean => id === containerId;
  const stores = await storedContainers(planned, place, isIt);
  const all = stores.containers.filter(isIt);
  const container =
    all.find(({ carved, upper }) => !carved && upper !== null) ?? all.find(({ carved }) => !carved) ?? all[0];
  if (container === undefined) return notThere(stores, planned.state);
  const without = withoutTrees(container);
  if (without !== null) return without;
  const mounts = mountsOf(container);
  const where = { access: place.access, signal: place.context.signal, parentPid: null };
  const found = mounts.layers === null ? null : await findLayers(where, mounts.layers, null);
  if (found === null) {
    const detail = 'The folders of its layers are not where the store says.';
    return {
      outcome: 'failed',
      reason: 'layers-not-found',
      detail,
      proof: { carved: container.carved ? 'yes' : 'no' },
    };
  }
  const isBroken = container.problems.includes('chain-broken');
  const layers = isBroken ? { ...found, missing: [...found.missing, '(not named by the store)'] } : found;
  return {
    process: null,
    isCarved: container.carved,
    containerId,
    mounts,
    layers,
    sourcePaths: stores.paths,
    disagreements: [],
  };
}
