/**
 * What runs on the node: POSIX shell with GNU grep, findutils, coreutils, `bpftool` and `nsenter` of the far side's own image. They ask the
 * kernel and load nothing: a question of bpftool is a system call, but for those that read `/proc`.
 */

/** One question to bpftool: `prog show`, `link show`. Its answer is JSON. */
export const BPFTOOL_SCRIPT = `
case "$1 $2" in 'prog show'|'map show'|'link show'|'perf show'|'struct_ops show') ;; *) exit 64 ;; esac
# -f names the files that a program or map is pinned to.
case $1 in prog|map|link) pins=-f ;; *) pins= ;; esac
exec timeout --foreground -s KILL 60 bpftool -j $pins "$1" "$2"
`;

/** On standard error: the groups are those below the root of all of them. */
export const CGROUP_ROOT = 'exhibit-cgroup-root';

/**
 * Programs of control groups. Without a folder bpftool takes the first mount it finds, which in a container begins at the container's own
 * group. Each group but the root of all has a file `cgroup.events`, whatever the reader's namespace shows of it.
 */
export const CGROUP_SCRIPT = `
tree() { exec timeout --foreground -s KILL 60 bpftool -j cgroup tree "$@"; }
for folder in "$ROOT/sys/fs/cgroup" "$ROOT/sys/fs/cgroup/unified"; do
  [ ! -L "$folder" ] && [ "$(stat -f -c %T -- "$folder" 2>/dev/null)" = cgroup2fs ] || continue
  [ -e "$folder/cgroup.procs" ] && [ ! -e "$folder/cgroup.events" ] && printf '${CGROUP_ROOT}\\n' >&2
  tree "$folder"
done
tree
`;

/** Of what find and grep complain of, that which only says that a process ended meanwhile. */
const ENDED = '^(find|grep): .*: No such (file or directory|process)$';

/**
 * Every network namespace that a process is in, as a line `net:[INODE]` and a line of JSON: what hangs on its devices. At the end
 * `exhibit-left-out`, with how many are beyond the bound, and `exhibit-refused`, with how many processes would not say theirs. A namespace
 * is held open before it is entered: the number of a process that ended may be another's by then.
 */
export const NET_SCRIPT = `
cd "$PROC" || exit 3
max=\${1:-2000}
exec 3>&1 4>&2
refused=$({
  for p in [0-9]*; do printf '%s/ns\\0' "$p"; done |
    xargs -0 -r sh -c 'exec find -P "$@" -maxdepth 1 -name net -type l -printf "%l %p\\n"' exhibit |
    sort -k1,1 | {
      count=0; leftOut=0; last=; isDone=yes
      missed() { [ "$isDone" = yes ] || printf '%s\\nexhibit-status gone\\n' "$last" >&3; }
      while read -r namespace handle; do
        case $namespace in 'net:['*']') ;; *) continue ;; esac
        if [ "$namespace" != "$last" ]; then
          missed; last=$namespace; isDone=no; count=$((count + 1))
          if [ "$count" -gt "$max" ]; then leftOut=$((leftOut + 1)); isDone=yes; fi
        fi
        [ "$isDone" = no ] || continue
        (
          exec 2>/dev/null 5<"$handle" || exit 1
          [ "$(readlink /proc/self/fd/5)" = "$namespace" ] || exit 1
          printf '%s\\n' "$namespace" >&3
          timeout --foreground -s KILL 20 nsenter --net=/proc/self/fd/5 bpftool -j net show </dev/null >&3 2>&4 ||
            printf 'exhibit-status %s' "$?" >&3
          printf '\\n' >&3
        ) && isDone=yes
      done
      missed
      printf 'exhibit-left-out\\n%s\\n' "$leftOut" >&3
    }
} 2>&1 | grep -vcE '${ENDED}')
printf 'exhibit-refused\\n%s\\n' "$refused"
exit 0
`;

/**
 * Records `<pid>/fdinfo/<fd>` of every open file of a process that is a program, map or link of BPF, and at the end `exhibit-refused`: how
 * often a process would not tell.
 */
export const FDINFO_SCRIPT = `
cd "$PROC" || exit 3
exec 3>&1
refused=$({
  for p in [0-9]*; do printf '%s/fd\\0' "$p"; done |
    xargs -0 -r sh -c 'exec find -P "$@" -maxdepth 1 -type l -lname "anon_inode:bpf*" -printf "%p\\0"' exhibit |
    sed -z 's,/fd/,/fdinfo/,' | xargs -0 -r grep -aHZ '' >&3
} 2>&1 | grep -vcE '${ENDED}')
printf 'exhibit-refused\\0%s\\n' "$refused"
exit 0
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
