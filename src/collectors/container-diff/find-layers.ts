import type { NodeAccess } from '../../ports/node-access.js';
import type { ContainerMounts } from './container-mounts.js';
import type { OverlayLayers } from './overlay-layers.js';
import { resolveFolders, type FarFolder } from './resolve-folders.js';

export interface FoundLayers {
  readonly upper: FarFolder;
  /** The uppermost first. */
  readonly lowers: readonly FarFolder[];
  /** Lower folders that are named and could not be found. */
  readonly missing: readonly string[];
}

function parentsOf(path: string): string[] {
  const parts = path.split('/').filter((part) => part !== '');
  return parts.map((_, index) => `/${parts.slice(0, index).join('/')}`).toReversed();
}

/**
 * Folders from which relative names may have been meant: a runtime whose list of layers does not fit a page changes into the folder
 * that they have in common (containerd), or always names them from its home (Docker, CRI-O: `l/ABC`).
 */
export function homesOf(layers: OverlayLayers, runtimeMountPoint: string | null): readonly string[] {
  const known = [layers.upper ?? '', layers.work ?? '', runtimeMountPoint ?? ''].filter((path) => path.startsWith('/'));
  return [...new Set([...known.flatMap(parentsOf), '/var/lib/docker/overlay2', '/var/lib/containers/storage/overlay'])];
}

const isRelative = (path: string): boolean => !path.startsWith('/');

/** Views in which the runtime's paths may be meant, the one without side effects first: what the node shows, then the runtime's own. */
function viewsOf(parentPid: number | null): readonly string[] {
  return parentPid === null ? ['-'] : ['-', String(parentPid)];
}

interface Attempt {
  readonly view: string;
  readonly home: string | null;
}

/**
 * Finds the folders of a container's layers. In the view of the node's root where the same folder is there, since that is mounted
 * read-only where we can have it so; else in the view of the runtime's helper. `null` when the writable layer is not found.
 */
export async function findLayers(
  { access, signal, parentPid }: { access: NodeAccess; signal: AbortSignal; parentPid: number | null },
  layers: OverlayLayers,
  runtimeMountPoint: ContainerMounts['runtimeMountPoint'],
): Promise<FoundLayers | null> {
  const { upper } = layers;
  if (upper === null) return null;
  const relative = [upper, ...layers.lowers].some(isRelative);
  const homes = relative ? homesOf(layers, runtimeMountPoint) : [null];
  const attempts: Attempt[] = viewsOf(parentPid).flatMap((view) => homes.map((home) => ({ view, home })));
  const trueUpper = parentPid === null ? null : await identityIn({ access, signal }, String(parentPid), [upper, homes]);
  let best: FoundLayers | null = null;
  for (const { view, home } of attempts) {
    const absolute = [upper, ...layers.lowers].map((path) => (isRelative(path) ? `${home ?? ''}/${path}` : path));
    const [found, ...lowers] = await resolveFolders({ access, view, signal }, absolute);
    if (found === null || found === undefined) continue;
    if (trueUpper !== null && found.identity !== trueUpper) continue;
    const missing = layers.lowers.filter((_, index) => lowers[index] === null);
    const whole = { upper: found, lowers: lowers.filter((one) => one !== null), missing };
    if (missing.length === 0) return whole;
    if (best === null || missing.length < best.missing.length) best = whole;
  }
  return best;
}

/** The writable layer as the runtime's helper sees it: another folder may have the same name on the node. */
async function identityIn(
  { access, signal }: { access: NodeAccess; signal: AbortSignal },
  view: string,
  [upper, homes]: readonly [string, readonly (string | null)[]],
): Promise<string | null> {
  const names = isRelative(upper) ? homes.map((home) => `${home ?? ''}/${upper}`) : [upper];
  const found = await resolveFolders({ access, view, signal }, names);
  return found.find((one) => one !== null)?.identity ?? null;
}
