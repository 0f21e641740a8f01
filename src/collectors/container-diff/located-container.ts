import type { Subject } from '../../model/artifact.js';
import type { CollectContext } from '../../ports/collector.js';
import type { NodeAccess } from '../../ports/node-access.js';
import type { ContainerMounts } from './container-mounts.js';
import type { ContainerProcess } from './container-processes.js';
import type { FoundLayers } from './find-layers.js';

export interface LocatedContainer {
  /** `null` = found by its runtime's store: it does not run, or the way sees no processes. */
  readonly process: ContainerProcess | null;
  /** The store's record lies in pages that were freed: the container was deleted. */
  readonly isCarved: boolean;
  readonly containerId: string;
  readonly mounts: ContainerMounts;
  readonly layers: FoundLayers;
  /** Where the mount tables are kept, or the copies of the store. */
  readonly sourcePaths: readonly string[];
  /** What the container's own word and its runtime's do not agree on; plain words. */
  readonly disagreements: readonly string[];
}

export interface Place {
  readonly access: NodeAccess;
  readonly context: CollectContext;
  readonly artifact: string;
  readonly collector: string;
  readonly subject: Subject;
}
