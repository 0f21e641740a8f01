import { escapeForTerminal } from '../../lib/terminal-escape.js';
import type { DiffSource, PackagesRecord } from '../../model/diff-entry.js';
import type { NodeAccess } from '../../ports/node-access.js';
import type { CapturedFolder } from './capture-folder.js';
import type { ComparedLayers } from './compare-layers.js';
import type { LocatedContainer } from './located-container.js';
import type { PlannedDiff } from './planned-diff.js';
import type { TakenVolumes } from './take-volumes.js';
import type { WrittenLayer } from './write-layer.js';

function foundBy({ process, isCarved }: LocatedContainer) {
  if (process === null)
    return { pid: null, parentPid: null, startTicks: null, layersFrom: isCarved ? 'store-carved' : 'store' } as const;
  const { pid, parentPid, startTicks } = process;
  return { pid, parentPid, startTicks, layersFrom: 'mounts' } as const;
}

/** The one line of source.jsonl: which container, which folders, by whose word, and what could not be seen. */
export function sourceRecord(facts: {
  readonly planned: PlannedDiff;
  readonly located: LocatedContainer;
  readonly captured: CapturedFolder;
  readonly compared: ComparedLayers;
  readonly volumes: TakenVolumes;
  readonly layer: WrittenLayer | null;
  readonly packages: PackagesRecord;
  readonly access: NodeAccess;
}): DiffSource {
  const { planned, located, captured, compared, volumes, access } = facts;
  const { mounts, layers } = located;
  const shown = (path: string): string => escapeForTerminal(path, 4096);
  return {
    folder: `${planned.folder}/diff`,
    namespace: planned.namespace,
    pod: planned.pod,
    podUid: planned.uid,
    container: planned.container,
    containerId: located.containerId,
    imageId: planned.imageId === null ? null : shown(planned.imageId),
    node: planned.node,
    ...foundBy(located),
    view: layers.upper.view === '-' ? 'node' : 'runtime',
    upper: shown(layers.upper.path),
    upperIdentity: layers.upper.identity,
    lowers: layers.lowers.map(({ path }) => shown(path)),
    missingLowers: layers.missing.map(shown),
    userXattr: mounts.layers?.userXattr ?? null,
    dataOnlyLowers: mounts.layers?.dataOnly ?? 0,
    readOnlyRoot: mounts.root?.options.includes('ro') === true,
    userNamespace: mounts.userNamespace,
    runtimeAgrees: mounts.runtimeLayers === null ? 'unknown' : located.disagreements.length === 0 ? 'yes' : 'no',
    disagreements: [...located.disagreements],
    degraded: access.facts.degraded.map(({ reason }) => reason),
    entries: captured.before.size,
    changedDuringRead: captured.changed.size,
    appearedDuringRead: captured.appeared,
    leftOut: captured.leftOut.size,
    baseListing: compared.base.listing,
    layerTar: facts.layer,
    packages: facts.packages,
    volumes: [...volumes.records],
  };
}
