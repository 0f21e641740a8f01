import type { MountInfo } from '../../lib/mount-info.js';
import type { VolumeKind } from '../../model/diff-entry.js';

export interface MountedVolume {
  readonly kind: VolumeKind;
  /** Of the volume, as the kubelet's folder says; `null` = no volume of the pod. */
  readonly name: string | null;
  readonly mount: MountInfo;
}

/** `.../pods/<uid>/volumes/kubernetes.io~<plugin>/<name>`, and where a part of one is mounted. */
const VOLUME = /\/pods\/[^/]+\/volumes\/kubernetes\.io~([a-z-]+)\/([^/]+)/;
const SUB_PATH = /\/pods\/[^/]+\/volume-subpaths\/([^/]+)\//;
const KUBELET_FILE = /\/pods\/[^/]+\/(?:etc-hosts|containers\/[^/]+\/[^/]+)$/;
const SYSTEM_TYPES = new Set([
  'proc',
  'sysfs',
  'cgroup',
  'cgroup2',
  'mqueue',
  'devpts',
  'devtmpfs',
  'securityfs',
  'bpf',
]);
const RUNTIME_FILES = /\/(?:hostname|resolv\.conf|hosts|\.containerenv|shm)$/;

const PLUGINS: Readonly<Record<string, VolumeKind>> = {
  'empty-dir': 'empty-dir',
  'configmap': 'projected',
  'secret': 'projected',
  'projected': 'projected',
  'downward-api': 'projected',
  'host-path': 'host-path',
};

function isBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === '/' ? '/' : `${folder}/`);
}

/** How the node names the folder that is mounted: by the mount's own root, or by where the same filesystem is mounted there. */
function nodeNames(mount: MountInfo, onNode: readonly MountInfo[]): string[] {
  const elsewhere = onNode.filter(({ device, root }) => device === mount.device && isBelow(mount.root, root));
  return [
    mount.root,
    ...elsewhere.map(
      ({ root, mountPoint }) => mountPoint + (root === '/' ? mount.root : mount.root.slice(root.length)),
    ),
  ];
}

function isSystem({ fsType, mountPoint }: MountInfo): boolean {
  const isOfRuntime = mountPoint === '/dev' || ['/proc', '/sys'].some((folder) => isBelow(mountPoint, folder));
  return SYSTEM_TYPES.has(fsType) || isOfRuntime || mountPoint === '/dev/termination-log-dir';
}

/** What a mount of a container is, as far as names tell. `onNode` is the mount table of its runtime. */
export function volumeOf(mount: MountInfo, onNode: readonly MountInfo[]): MountedVolume {
  if (mount.mountPoint === '/dev/shm') return { kind: 'shm', name: null, mount };
  if (isSystem(mount)) return { kind: 'system', name: null, mount };
  const names = nodeNames(mount, onNode);
  const ofPod = names.map(volumeNamed).find((one) => one !== null);
  if (ofPod !== undefined) return { ...ofPod, mount };
  if (isRuntimeFile(mount, names)) return { kind: 'kubelet-file', name: null, mount };
  return { kind: mount.fsType === 'tmpfs' ? 'tmpfs' : 'host-path', name: null, mount };
}

/** What a path of the node says of the volume that it is in; `null` = in none. */
function volumeNamed(path: string): Pick<MountedVolume, 'kind' | 'name'> | null {
  const [, plugin, name] = VOLUME.exec(path) ?? [];
  if (plugin !== undefined && name !== undefined) return { kind: PLUGINS[plugin] ?? 'claim', name };
  const subPath = SUB_PATH.exec(path)?.[1];
  if (subPath !== undefined) return { kind: 'claim', name: subPath };
  return KUBELET_FILE.test(path) ? { kind: 'kubelet-file', name: null } : null;
}

function isRuntimeFile({ root }: MountInfo, names: readonly string[]): boolean {
  return (
    RUNTIME_FILES.test(root) &&
    names.some((path) => /\/(?:sandboxes|containers|overlay-containers)\/[0-9a-f]{64}\//.test(path))
  );
}

/** Whether its content is taken, its names alone, or nothing of it. */
export function policyOf({ kind, mount }: MountedVolume): 'content' | 'names' | 'none' {
  if (kind === 'system' || kind === 'kubelet-file') return 'none';
  if (kind === 'empty-dir' || kind === 'shm') return 'content';
  // What is mounted read-only here may hold credentials that somebody else put there.
  if (kind === 'tmpfs') return mount.options.includes('ro') ? 'names' : 'content';
  return 'names';
}
