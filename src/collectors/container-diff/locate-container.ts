import type { CollectContext, CollectResult } from '../../ports/collector.js';
import type { NodeAccess } from '../../ports/node-access.js';
import { containerMountsOf, sameLayers, type ContainerMounts } from './container-mounts.js';
import { containerProcesses, type ContainerProcess } from './container-processes.js';
import { MOUNTS_SCRIPT } from './far-scripts.js';
import { findLayers, type FoundLayers } from './find-layers.js';
import { keepAnswer } from './keep-answer.js';
import type { PlannedDiff } from './planned-diff.js';
import { runShort } from './run-short.js';

export interface LocatedContainer {
  readonly process: ContainerProcess;
  readonly containerId: string;
  readonly mounts: ContainerMounts;
  readonly layers: FoundLayers;
  /** Where the mount tables are kept. */
  readonly mountsPath: string;
  /** What the container's own word and its runtime's do not agree on; plain words. */
  readonly disagreements: readonly string[];
}

export interface Place {
  readonly access: NodeAccess;
  readonly context: CollectContext;
  readonly artifact: string;
  readonly collector: string;
  readonly subject: Readonly<Record<string, string>>;
}

/** Programs in which a container has a kernel of its own: what the node sees of it is not its filesystem. */
const SANDBOXES = /^(?:runsc|runsc-sandbox|exe|qemu-system|cloud-hyperviso|firecracker|kata)/;

function skipped(reason: string, detail: string): CollectResult {
  return { outcome: 'skipped', reason, detail, proof: {} };
}

/** Why a container has no writable layer that could be compared, as far as its root tells; `null` = it has one. */
function withoutLayer({ root, layers }: ContainerMounts): CollectResult | null {
  if (root === null)
    return { outcome: 'failed', reason: 'no-root-mount', detail: 'The process shows no root.', proof: {} };
  const proof = {
    fsType: root.fsType.replace(/[^\x20-\x7e]/g, '?').slice(0, 40),
    readOnly: root.options.includes('ro') ? 'yes' : 'no',
  };
  if (layers === null)
    return {
      ...skipped('unsupported-root', `The root is no overlay but ${proof.fsType}: its layers cannot be told apart.`),
      proof,
    };
  if (layers.upper !== null) return null;
  return {
    outcome: 'absent',
    reason: 'no-writable-layer',
    detail: 'The root is mounted without a writable layer.',
    proof,
  };
}

/** The container's own mounts, which a container with rights over mounts can change, against the runtime's. */
function disagreementsOf(mounts: ContainerMounts): string[] {
  const { layers, runtimeLayers } = mounts;
  if (layers === null || runtimeLayers === null) return [];
  return sameLayers(layers, runtimeLayers)
    ? []
    : ['the container is on other layers than those that its runtime mounted for it'];
}

/** Finds a container's process, and by its mounts the folders of its layers; otherwise the outcome of the artifact. */
export async function locateContainer(
  planned: PlannedDiff,
  into: string,
  place: Place,
): Promise<LocatedContainer | CollectResult> {
  const { access, context } = place;
  const containerId = /^[a-z-]+:\/\/([0-9a-f]{64})$/.exec(planned.containerId ?? '')?.[1];
  if (containerId === undefined)
    return {
      outcome: 'absent',
      reason: 'never-created',
      detail: 'The API knows no container id.',
      proof: { state: planned.state },
    };
  if (!access.facts.processes)
    return skipped('no-processes', 'This way does not see the processes of the node, by which layers are found.');
  const process = (await containerProcesses(access, context.signal)).get(containerId);
  if (process === undefined)
    return skipped('not-running', `No process of the container runs (the API says ${planned.state}).`);
  const args = [String(process.pid), String(process.parentPid)];
  const answer = await runShort(access, {
    name: 'container-mounts',
    script: MOUNTS_SCRIPT,
    args,
    signal: context.signal,
  });
  const mounts = containerMountsOf(answer.bytes, { ...process, containerId });
  if (mounts.startTicks !== process.startTicks)
    return gone('The process ended, or is another one, since it was found.');
  if (SANDBOXES.test(mounts.command))
    return skipped('sandboxed', 'The container has a kernel of its own; the node does not see its filesystem.');
  const without = withoutLayer(mounts);
  if (without !== null) return without;
  const layers = await layersOf(mounts, process.parentPid, { access, signal: context.signal });
  if (layers === null) return gone('The folders of its layers are not where its mount says.');
  const kept = await keepAnswer(answer, { ...place, path: `${into}/mounts.txt` });
  return { process, containerId, mounts, layers, mountsPath: kept, disagreements: disagreementsOf(mounts) };
}

function gone(detail: string): CollectResult {
  return { outcome: 'failed', reason: 'layers-not-found', detail, proof: {} };
}

async function layersOf(
  { layers, runtimeMountPoint }: ContainerMounts,
  parentPid: number,
  where: { readonly access: NodeAccess; readonly signal: AbortSignal },
): Promise<FoundLayers | null> {
  return layers === null ? null : await findLayers({ ...where, parentPid }, layers, runtimeMountPoint);
}
