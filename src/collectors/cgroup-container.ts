/** Whose a process is, by the control groups that it is in. Names below a pod's own group are the container's and untrusted. */
export interface CgroupOwner {
  /** With dashes; a static pod's is 32 hexadecimal digits. `null` = in no pod. */
  readonly podUid: string | null;
  /** 64 hexadecimal digits. `null` in a pod = in none of its containers, as the helper of a runtime. */
  readonly containerId: string | null;
  readonly runtime: 'containerd' | 'cri-o' | 'docker' | 'podman' | 'unknown' | null;
  /** A container within the container, as docker in docker makes it. */
  readonly innerContainerId: string | null;
  /** The path that says so, as the kernel wrote it; of the unified hierarchy, or of the systemd one, where nothing is said. */
  readonly path: string;
  /** Hierarchies of version 1 say different owners: somebody moved the process in one of them. */
  readonly conflict: boolean;
}

type Owner = Pick<CgroupOwner, 'podUid' | 'containerId' | 'runtime' | 'innerContainerId'>;

const NOBODY: Owner = { podUid: null, containerId: null, runtime: null, innerContainerId: null };

const KUBEPODS = /(?:^|[-.])kubepods(?:[-.]|$)/;
/** `pod<uid>` (cgroupfs), `kubepods-burstable-pod<uid, dashes as underscores>.slice` (systemd). */
const POD =
  /^(?:.*-)?pod([0-9a-f]{8}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{12}|[0-9a-f]{32})(?:\.slice)?$/;
/** `<id>`, `cri-containerd-<id>.scope`, `crio-<id>.scope`, `docker-<id>.scope`, `libpod-<id>.scope`; not `crio-conmon-<id>.scope`. */
const CONTAINER = /^(?:(cri-containerd|crio|docker|libpod)-)?([0-9a-f]{64})(?:\.scope)?$/;
/** Groups in which a runtime keeps containers that are no pod's. */
const RUNTIME_FOLDERS: Readonly<Record<string, CgroupOwner['runtime']>> = {
  'docker': 'docker',
  'libpod_parent': 'podman',
  'k8s.io': 'containerd',
  'default': 'containerd',
  'moby': 'docker',
};
const RUNTIMES: Readonly<Record<string, CgroupOwner['runtime']>> = {
  'cri-containerd': 'containerd',
  'crio': 'cri-o',
  'docker': 'docker',
  'libpod': 'podman',
};

/** `<slice>:cri-containerd:<id>` is what containerd makes of a systemd group when it is told to use the other driver. */
function segmentsOf(path: string): string[] {
  return path.split('/').flatMap((segment) => {
    const parts = /^(.*\.slice):([a-z-]+):([0-9a-f]{64})$/.exec(segment);
    return parts === null ? [segment] : [parts[1] ?? '', `${parts[2] ?? ''}-${parts[3] ?? ''}`];
  });
}

function containersIn(segments: readonly string[]): { id: string; runtime: CgroupOwner['runtime'] }[] {
  return segments.flatMap((segment, index) => {
    const found = CONTAINER.exec(segment);
    if (found?.[2] === undefined) return [];
    const folder = segments[index - 1] ?? '';
    const runtime =
      RUNTIMES[found[1] ?? ''] ?? (Object.hasOwn(RUNTIME_FOLDERS, folder) ? RUNTIME_FOLDERS[folder] : null);
    return [{ id: found[2], runtime: runtime ?? 'unknown' }];
  });
}

function podUidIn(segments: readonly string[]): string | null {
  const kubepods = segments.findIndex((segment) => KUBEPODS.test(segment));
  if (kubepods === -1) return null;
  const found = segments.slice(kubepods).flatMap((segment) => POD.exec(segment)?.[1] ?? []);
  return found[0]?.replaceAll('_', '-') ?? null;
}

/** The outermost pod and container of one path: what lies below was made by the container itself. */
function ownerOf(path: string): Owner {
  const segments = segmentsOf(path);
  const podUid = podUidIn(segments);
  const [outer, inner] = containersIn(segments);
  if (outer === undefined) return { ...NOBODY, podUid };
  return { podUid, containerId: outer.id, runtime: outer.runtime, innerContainerId: inner?.id ?? null };
}

/**
 * Reads `/proc/<pid>/cgroup`: `<hierarchy>:<controllers>:<path>` a line, version 1, 2 or both. Knows the systemd and the cgroupfs
 * driver, containerd, CRI-O, Docker and podman, and any group above `kubepods` (k3s, kind, `--cgroup-root`).
 * Read from the node's own cgroup namespace: inside a container the paths say nothing.
 */
export function cgroupOwner(text: string): CgroupOwner {
  const paths = text.split('\n').flatMap((line) => {
    const [, controllers, path] = /^\d{1,10}:([^:]*):(\/.*)$/.exec(line) ?? [];
    return controllers === undefined || path === undefined ? [] : [{ controllers, path, owner: ownerOf(path) }];
  });
  const saying = paths.filter(({ owner }) => owner.podUid !== null || owner.containerId !== null);
  const chosen =
    saying.find(({ owner }) => owner.podUid !== null && owner.containerId !== null) ??
    saying[0] ??
    paths.find(({ controllers }) => controllers === '') ??
    paths.find(({ controllers }) => controllers === 'name=systemd') ??
    paths[0];
  const conflict = saying.some(
    ({ owner }) => differs(owner.podUid, chosen?.owner.podUid) || differs(owner.containerId, chosen?.owner.containerId),
  );
  return { ...(chosen?.owner ?? NOBODY), path: chosen?.path ?? '', conflict };
}

function differs(one: string | null, other: string | null | undefined): boolean {
  return one !== null && other !== null && other !== undefined && one !== other;
}
