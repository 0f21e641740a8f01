import type { ContainerLayers } from '../../lib/container-layers.js';
import type { NodeAccess } from '../../ports/node-access.js';
import { knownRuntimeStores, readRuntimeStores, type RuntimeStores } from '../runtime-stores.js';
import type { Place } from './located-container.js';
import type { PlannedNode } from './planned-diff.js';

interface OwnReading {
  /** Which the copies belong to. */
  readonly artifact: string;
  readonly stores: Promise<RuntimeStores>;
}

const own = new WeakMap<NodeAccess, OwnReading>();

async function readOnce(planned: PlannedNode, { access, context, artifact, collector }: Place): Promise<RuntimeStores> {
  const { node, nodeUid: uid, machineId, nodeSegment: segment } = planned;
  const begin = async (): Promise<RuntimeStores> => {
    try {
      const part = { node, uid, machineId, segment, part: 'stores' };
      const work = { artifact, required: false, source: node, node, data: {} };
      return await readRuntimeStores({ planned: work, part, collector, access, context });
    } catch (error) {
      own.delete(access);
      throw error;
    }
  };
  const reading = own.get(access) ?? { artifact, stores: begin() };
  own.set(access, reading);
  return await reading.stores;
}

/** Whether copies of the stores were kept as items of this artifact: then it cannot end as one that has none. */
export async function hasStoreCopies({ access, artifact }: Place): Promise<boolean> {
  const reading = own.get(access);
  return reading?.artifact === artifact && (await reading.stores).paths.length > 0;
}

/**
 * What the runtimes' stores of a node say, as it was read in this run already where that tells of what is asked for, else read now, once
 * for all artifacts of this collector. Throws as `readRuntimeStores`.
 */
export async function storedContainers(
  planned: PlannedNode,
  place: Place,
  isThere: (container: ContainerLayers) => boolean,
): Promise<RuntimeStores> {
  const known = await knownRuntimeStores(place.access);
  return known?.containers.some(isThere) === true ? known : await readOnce(planned, place);
}
