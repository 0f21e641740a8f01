import type { CollectResult } from '../../ports/collector.js';
import type { NodeAccess } from '../../ports/node-access.js';
import { containerMountsOf, sameLayers, type ContainerMounts } from './container-mounts.js';
import { containerProcesses } from './container-processes.js';
import { MOUNTS_SCRIPT } from './far-scripts.js';
import { findLayers, type FoundLayers } from './find-layers.js';
import { keepAnswer } from './keep-answer.js';
import type { LocatedContainer, Place } from './located-container.js';
import { locateInStore } from './locate-in-store.js';
import type { PlannedDiff } from './planned-diff.js';
import { runShort } from './run-short.js';

/** As the kubelet and the stores form it; containerd lets others than the kubelet choose names. */
const CONTAINER_ID = /^[a-z-]+:\/\/([a-zA-Z0-9][a-zA-Z0-9_.-]{0,127})$/;

/** Helpers of runtimes whose containers have a kernel of their own: what the node sees of one is not its filesystem. */
const SANDBOXING = /(?:^|\/)(?:containerd-shim-(?:runsc|kata)[a-z0-9-]*|runsc|kata-runtime)$/;
/** Such kernels; a container gives its own processes any name, so that this alone says nothing. */
const SANDBOXES = /^(?:runsc|runsc-sandbox|exe|qemu-system-.{0,5}|cloud-hyperviso|firecracker)$/;

function skipped(reason: string, detail: string): CollectResult {
  return { outcome: 'skipped', reason, detail, proof: {} };
}

/** Why a container has no writable layer that could be compared, as far as its root tells; `null` = it has one. */
function withoutLayer({ root, layers }: ContainerMounts): CollectResult | null {
  if (root === null && layers === null)
    return { outcome: 'failed', reason: 'no-root-mount', detail: 'The process shows no root.', proof: {} };
  const proof = {
    fsType: (root?.fsType ?? '').replace(/[^\x20-\x7e]/g, '?').slice(0, 40),
    readOnly: root?.options.includes('ro') === true ? 'yes' : 'no',
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
  const { layers, runtimeLayers, command } = mounts;
  if (runtimeLayers === null)
    return SANDBOXES.test(command)
      ? [
          'its first process has the name of a kernel for containers: what is here may be no filesystem of the container',
        ]
      : [];
  return layers !== null && sameLayers(layers, runtimeLayers)
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
  const containerId = CONTAINER_ID.exec(planned.containerId ?? '')?.[1];
  if (containerId === undefined)
    return {
      outcome: 'absent',
      reason: 'never-created',
      detail: 'The API knows no container id.',
      proof: { state: planned.state },
    };
  const process = access.facts.processes
    ? (await containerProcesses(access, context.signal)).get(containerId)
    : undefined;
  if (process === undefined) return await locateInStore(planned, containerId, place);
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
  if (SANDBOXING.test(mounts.helper))
    return skipped('sandboxed', 'The container has a kernel of its own; the node does not see its filesystem.');
  const found = await believedLayers(mounts, process.parentPid, { access, signal: context.signal });
  if (found !== null && 'outcome' in found) return found;
  if (found === null) return gone('The folders of its layers are not where its mount says.');
  const kept = await keepAnswer(answer, { ...place, path: `${into}/mounts.txt` });
  const disagreements = disagreementsOf(mounts);
  return { process, isCarved: false, containerId, ...found, sourcePaths: [kept], disagreements };
}

function gone(detail: string): CollectResult {
  return { outcome: 'failed', reason: 'layers-not-found', detail, proof: {} };
}

/**
 * The layers that the runtime mounted, where its helper shows them and they are there; else those by the container's own word. `null` =
 * their folders are not found.
 */
async function believedLayers(
  mounts: ContainerMounts,
  parentPid: number,
  where: { readonly access: NodeAccess; readonly signal: AbortSignal },
): Promise<Pick<LocatedContainer, 'mounts' | 'layers'> | CollectResult | null> {
  const { runtimeLayers } = mounts;
  let without: CollectResult | null = null;
  for (const believed of [...(runtimeLayers === null ? [] : [{ ...mounts, layers: runtimeLayers }]), mounts]) {
    without = withoutLayer(believed);
    if (without !== null) continue;
    const layers = await layersOf(believed, parentPid, where);
    if (layers !== null) return { mounts: believed, layers };
  }
  return without;
}

async function layersOf(
  { layers, runtimeMountPoint }: ContainerMounts,
  parentPid: number,
  where: { readonly access: NodeAccess; readonly signal: AbortSignal },
): Promise<FoundLayers | null> {
  return layers === null ? null : await findLayers({ ...where, parentPid }, layers, runtimeMountPoint);
}
