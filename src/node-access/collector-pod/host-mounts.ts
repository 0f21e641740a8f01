import type { NodeCommand } from '../../ports/node-access.js';

const MAX_BYTES = 16 * 1024 * 1024;
const TIMEOUT_MS = 30_000;

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

/** The mount that hides others at the same point is the last one. */
function writableBelow(root: string, lines: readonly string[]): string[] {
  const byPoint = new Map<string, boolean>();
  for (const line of lines) {
    const [, , , , point = '', options = '', ...rest] = line.split(' ');
    if (point !== root && !point.startsWith(`${root}/`)) continue;
    const superOptions = rest.slice(rest.indexOf('-') + 3).join(' ');
    const readOnly = options.split(',').includes('ro') || superOptions.split(',').includes('ro');
    byPoint.set(point, !readOnly);
  }
  return [...byPoint].filter(([, writable]) => writable).map(([point]) => point);
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
