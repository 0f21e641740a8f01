import type { NodeCommand } from '../../ports/node-access.js';

const MAX_BYTES = 16 * 1024 * 1024;
/** One process per writable mount, at the lowest priority of a busy node. */
const TIMEOUT_MS = 180_000;
/** The kernel's own limit for a mount namespace, unless somebody raised it. */
const MAX_MOUNTS = 100_000;

/**
 * A mount of the host is read-only for us, but not those below it where the runtime knows no recursive read-only mounts. In our own mount
 * namespace they are made so, each by its flags alone; the node's own mounts are untouched. Then what there is, as the kernel tells it, and
 * the control groups and processes that are ours.
 */
export const SETTLE: NodeCommand = {
  name: 'settle',
  script: `
while read -r id parent device root point options rest; do
  case $point in "$ROOT"|"$ROOT"/*) ;; *) continue;; esac
  case ,$options, in *,rw,*) ;; *) continue;; esac
  case $point in
  *\\\\*) target=$(printf '%b.' "$(printf '%s' "$point" | sed 's/\\\\\\([0-7][0-7][0-7]\\)/\\\\0\\1/g')"); target=\${target%.};;
  *) target=$point;;
  esac
  keep=
  for flag in nosuid nodev noexec noatime nodiratime relatime; do case ,$options, in *,$flag,*) keep=$keep,$flag;; esac; done
  mount --no-canonicalize -o "remount,bind,ro$keep" "$target" 2>/dev/null </dev/null
done < /proc/self/mountinfo
while IFS= read -r line; do printf 'mount %s\\n' "$line"; done < /proc/self/mountinfo
while IFS= read -r line; do printf 'cgroup %s\\n' "$line"; done < /proc/self/cgroup
for file in /sys/fs/cgroup/cgroup.procs /sys/fs/cgroup/pids/cgroup.procs; do
  [ -r "$file" ] || continue
  while IFS= read -r pid; do printf 'pid %s\\n' "$pid"; done < "$file"
done
`,
  maxBytes: MAX_BYTES,
  timeoutMs: TIMEOUT_MS,
  idleTimeoutMs: TIMEOUT_MS,
};

export interface Settled {
  /** Mount points of the host, as the pod sees them, that it could write to; octal escapes as in mountinfo. */
  readonly writable: readonly string[];
  /** Mounts beyond what is looked at: whether they are writable is not known. */
  readonly mountsNotRead: number;
  /** Control groups of the container, by hierarchy; the path `0::/` where the kernel shows no more. */
  readonly cgroups: readonly string[];
  /** Processes of the container at that moment, by the node's numbers. */
  readonly pids: readonly number[];
}

interface Mount {
  readonly id: string;
  readonly parent: string;
  readonly point: string;
  readonly isReadOnly: boolean;
}

function mountOf(line: string): Mount {
  const [id = '', parent = '', , , point = '', options = '', ...rest] = line.split(' ');
  const superOptions = rest.slice(rest.indexOf('-') + 3).join(' ');
  return { id, parent, point, isReadOnly: [options, superOptions].some((text) => text.split(',').includes('ro')) };
}

const placeOf = (parent: string, point: string): string => `${parent} ${point}`;

/** The folders above a path, the nearest first; not the root. */
function* foldersAbove(path: string): Generator<string> {
  for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) yield path.slice(0, end);
}

/** Mounts that no path leads to, since a later one lies over them or over a folder above them. */
function hiddenOf(mounts: readonly Mount[]): ReadonlySet<string> {
  const last = new Map(mounts.map(({ parent, point }, index) => [placeOf(parent, point), index]));
  const points = new Map(mounts.map(({ id, point }) => [id, point]));
  const hidden = new Set<string>();
  const isCovered = ({ id, parent, point }: Mount, index: number): boolean => {
    if (last.has(placeOf(id, point))) return true;
    return [...foldersAbove(point)].some((folder) => (last.get(placeOf(parent, folder)) ?? -1) > index);
  };
  mounts.forEach((mount, index) => {
    // Parents stand before their children.
    if (isCovered(mount, index) || hidden.has(mount.parent)) hidden.add(mount.id);
  });
  // What lies over a mount at its own point keeps that mount's children out, not itself.
  for (const { id, parent, point } of mounts) {
    if (points.get(parent) === point) hidden.delete(id);
  }
  return hidden;
}

function writableBelow(root: string, lines: readonly string[]): string[] {
  const mounts = lines.map(mountOf).filter(({ point }) => point === root || point.startsWith(`${root}/`));
  const hidden = hiddenOf(mounts);
  return mounts.filter(({ id, isReadOnly }) => !isReadOnly && !hidden.has(id)).map(({ point }) => point);
}

/** Reads what `SETTLE` printed. Lines that are none of its are passed over. */
export function parseSettled(text: string, root: string): Settled {
  const lines = text.split('\n');
  const after = (prefix: string): string[] =>
    lines.filter((line) => line.startsWith(prefix)).map((line) => line.slice(prefix.length));
  const mounts = after('mount ');
  return {
    writable: writableBelow(root, mounts.slice(0, MAX_MOUNTS)),
    mountsNotRead: Math.max(0, mounts.length - MAX_MOUNTS),
    cgroups: [...new Set(after('cgroup '))],
    pids: [...new Set(after('pid ').map(Number))].filter((pid) => Number.isSafeInteger(pid) && pid > 0),
  };
}
