import type { NodeCommand } from '../../ports/node-access.js';

/** What the far side says of itself, in sections that begin with a line `== NAME`. Nothing below `$ROOT` is opened here. */
export const ANSWERS: NodeCommand = {
  name: 'node-access-answers',
  script: `
show() { printf '== %s\\n' "$1"; [ -r "$2" ] && cat "$2" 2>/dev/null; }
printf '== id\\n'; id
printf '== uname\\n'; uname -a
printf '== date\\n'; date -u +%Y-%m-%dT%H:%M:%S.%NZ
show uptime "$PROC/uptime"
show boot-id "$PROC/sys/kernel/random/boot_id"
show stat "$PROC/stat"
show command-line "$PROC/cmdline"
show pressure-cpu "$PROC/pressure/cpu"
show pressure-io "$PROC/pressure/io"
show pressure-memory "$PROC/pressure/memory"
show load "$PROC/loadavg"
show own-status /proc/self/status
show own-cgroup /proc/self/cgroup
show own-mountinfo /proc/self/mountinfo
printf '== own-namespaces\\n'; find -P /proc/self/ns -maxdepth 1 -type l -printf '%f %l\\n'
printf '== first-namespaces\\n'; find -P "$PROC/1/ns" -maxdepth 1 -type l -printf '%f %l\\n' 2>/dev/null
true
`,
  maxBytes: 8 * 1024 * 1024,
  timeoutMs: 30_000,
};

/** Seconds and nanoseconds since 1970, and nothing before it that takes time. */
export const CLOCK: NodeCommand = {
  name: 'node-clock',
  script: `date +%s.%N`,
  maxBytes: 64,
  timeoutMs: 20_000,
};
