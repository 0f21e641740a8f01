/**
 * What runs on the node: POSIX shell with GNU grep, findutils, coreutils, `bpftool` and `nsenter` of the far side's own image. They ask the
 * kernel and load nothing: a question of bpftool is a system call, but for those that read `/proc`.
 */

/** One question to bpftool: `prog show`, `link show`. Its answer is JSON. */
export const BPFTOOL_SCRIPT = `
case "$1 $2" in 'prog show'|'map show'|'link show'|'cgroup tree'|'perf show'|'struct_ops show') ;; *) exit 64 ;; esac
# -f names the files that a program or map is pinned to.
case $1 in prog|map|link) pins=-f ;; *) pins= ;; esac
exec timeout --foreground -s KILL 60 bpftool -j $pins "$1" "$2"
`;

/** Every network namespace that a process is in, as a line \`net:[INODE]\` and a line of JSON: what hangs on its devices. */
export const NET_SCRIPT = `
cd "$PROC" || exit 3
for p in [0-9]*; do printf '%s/ns\\0' "$p"; done |
  xargs -0 -r sh -c 'exec find -P "$@" -maxdepth 1 -name net -type l -printf "%l %p\\n"' exhibit 2>/dev/null |
  sort -u -k1,1 | head -n 2000 | while read -r namespace handle; do
    printf '%s\\n' "$namespace"
    timeout --foreground -s KILL 20 nsenter --net="$handle" bpftool -j net show </dev/null || printf 'exhibit-status %s' "$?"
    printf '\\n'
  done
exit 0
`;

/** Records \`<pid>/fdinfo/<fd>\` of every open file of a process that is a program, map or link of BPF. */
export const FDINFO_SCRIPT = `
cd "$PROC" || exit 3
for p in [0-9]*; do printf '%s/fd\\0' "$p"; done |
  xargs -0 -r sh -c 'exec find -P "$@" -maxdepth 1 -type l -lname "anon_inode:bpf*" -printf "%p\\0"' exhibit 2>/dev/null |
  sed -z 's,/fd/,/fdinfo/,' | xargs -0 -r grep -asHZ ''
case $? in 0|123) exit 0 ;; *) exit $? ;; esac
`;

/** The entries of the maps whose numbers standard input has, one a line: a line with the number, a line of JSON. */
export const MAPS_SCRIPT = `
while read -r id; do
  case $id in *[!0-9]*|'') continue ;; esac
  printf '%s\\n' "$id"
  timeout --foreground -s KILL 20 bpftool -j map dump id "$id" </dev/null || printf 'exhibit-status %s' "$?"
  printf '\\n'
done
exit 0
`;
