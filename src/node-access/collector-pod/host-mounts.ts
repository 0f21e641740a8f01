import type { NodeCommand } from '../../ports/node-access.js';

const MAX_BYTES = 16 * 1024 * 1024;
const TIMEOUT_MS = 30_000;
const MAX_MOUNTS = 5000;

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
  path=$(printf '%b.' "$(printf '%s' "$point" | sed 's/\\\\\\([0-7][0-7][0-7]\\)/\\\\0\\1/g')")
  keep=
  for flag in nosuid nodev noexec noatime nodiratime relatime; do case ,$options, in *,$flag,*) keep=$keep,$flag;; esac; done
  mount --no-canonicalize -o "remount,bind,ro$keep" "$(printf '%s' "$path" | sed '$s/\\.$//')" 2>/dev/null </dev/null
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
};

export interface Settled {
  /** Mount points of the host, as the pod sees them, that it could write to; octal escapes as in mountinfo. */
  readonly writable: readonly string[];
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

/** Mounts that no path leads to, since a later one lies over them or over a folder above them. */
function hiddenOf(mounts: readonly Mount[]): ReadonlySet<string> {
  const hidden = new Set<string>();
  mounts.forEach((mount, index) => {
    const isCovered = mounts.some(
      (other, place) =>
        (other.parent === mount.id && other.point === mount.point) ||
        (place > index && other.parent === mount.parent && mount.point.startsWith(`${other.point}/`)),
    );
    // Parents stand before their children.
    if (isCovered || hidden.has(mount.parent)) hidden.add(mount.id);
  });
  // What lies over a mount at its own point keeps that mount's children out, not itself.
  for (const { id, parent, point } of mounts) {
    if (mounts.some((lower) => lower.id === parent && lower.point === point)) hidden.delete(id);
  }
  return hidden;
}

function writableBelow(root: string, lines: readonly string[]): string[] {
  const mounts = lines
    .slice(0, MAX_MOUNTS)
    .map(mountOf)
    .filter(({ point }) => point === root || point.startsWith(`${root}/`));
  const hidden = hiddenOf(mounts);
  return mounts.filter(({ id, isReadOnly }) => !isReadOnly && !hidden.has(id)).map(({ point }) => point);
}

/** Reads what `SETTLE` printed. Lines that are none of its are passed over. */
export function parseSettled(text: string, root: string): Settled {
  const lines = text.split('\n');
  const after = (prefix: string): string[] =>
    lines.filter((line) => line.startsWith(prefix)).map((line) => line.slice(prefix.length));
  return {
    writable: writableBelow(root, after('mount ')),
    cgroups: [...new Set(after('cgroup '))],
    pids: [...new Set(after('pid ').map(Number))].filter((pid) => Number.isSafeInteger(pid) && pid > 0),
  };
}
