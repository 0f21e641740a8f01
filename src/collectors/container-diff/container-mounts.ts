import { parseMountInfo, type MountInfo } from '../../lib/mount-info.js';
import { linesByFile, parseProcStat } from './container-processes.js';
import { overlayLayersOf, type OverlayLayers } from './overlay-layers.js';

/** What a container's root is made of, by its own word and by that of its runtime. */
export interface ContainerMounts {
  /** `null` = the process is gone. */
  readonly startTicks: string | null;
  /** The program's name as the kernel has it, cut at 15 bytes; untrusted. */
  readonly command: string;
  /** The program of the runtime's helper, as it was called; '' = not shown. */
  readonly helper: string;
  /** The mount that the container's first process has as root; `null` = none was shown. */
  readonly root: MountInfo | null;
  readonly layers: OverlayLayers | null;
  /** Layers of the mount that the runtime made for this container; `null` = its helper shows none. */
  readonly runtimeLayers: OverlayLayers | null;
  /** Where the runtime mounted it, in its own view. */
  readonly runtimeMountPoint: string | null;
  /** All mounts of the container but its root. */
  readonly others: readonly MountInfo[];
  /** All mounts of the runtime's helper. */
  readonly onNode: readonly MountInfo[];
  /** The container has user ids of its own: its 0 is another on the node. */
  readonly userNamespace: boolean;
}

/** `0 0 4294967295` is the user namespace that the kernel began with. */
function isMapped(text: string): boolean {
  return text.trim() !== '' && !/^\s*0\s+0\s+4294967295\s*$/.test(text);
}

function mountsIn(text: string | undefined): MountInfo[] {
  return (text ?? '').split('\n').flatMap((line) => parseMountInfo(line) ?? []);
}

function processOf(stat: string): Pick<ContainerMounts, 'command' | 'startTicks'> {
  return {
    command: /\((.*)\)/s.exec(stat)?.[1] ?? '',
    startTicks: parseProcStat(stat.trimEnd())?.startTicks ?? null,
  };
}

/** Reads what the mounts script printed about a container with this id. Where several mounts lie on each other the last one counts. */
export function containerMountsOf(
  answer: Buffer,
  ids: { pid: number; parentPid: number; containerId: string },
): ContainerMounts {
  const texts = new Map(
    [...linesByFile(answer)].map(([file, text]) => [file.split('/').slice(-2).join('/'), text] as const),
  );
  const own = mountsIn(texts.get(`${ids.pid}/mountinfo`));
  const root = own.findLast(({ mountPoint }) => mountPoint === '/') ?? null;
  const onNode = mountsIn(texts.get(`${ids.parentPid}/mountinfo`));
  const runtime = onNode.findLast(
    ({ mountPoint, device }) =>
      mountPoint.endsWith(`/${ids.containerId}/rootfs`) || (mountPoint.endsWith('/merged') && device === root?.device),
  );
  return {
    ...processOf(texts.get(`${ids.pid}/stat`) ?? ''),
    helper: (texts.get(`${ids.parentPid}/cmdline`) ?? '').split(/[\0\n]/)[0] ?? '',
    root,
    layers: root === null ? null : overlayLayersOf(root),
    runtimeLayers: runtime === undefined ? null : overlayLayersOf(runtime),
    runtimeMountPoint: runtime?.mountPoint ?? null,
    onNode,
    others: own.filter((mount) => mount !== root),
    userNamespace: isMapped(texts.get(`${ids.pid}/uid_map`) ?? ''),
  };
}

/** The same folders, in the same order. */
export function sameLayers(one: OverlayLayers, other: OverlayLayers): boolean {
  return one.upper === other.upper && one.lowers.join('\0') === other.lowers.join('\0');
}
