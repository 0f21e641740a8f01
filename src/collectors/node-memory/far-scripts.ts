export const MEMINFO_SCRIPT = 'exec cat "$PROC/meminfo" </dev/null';

/**
 * `avml` of this way's own tools, from one source named beforehand: what came from another before it failed could not be taken back.
 *
 * It opens its file without following links (seen with 0.21), and `/dev/stdout` is one: it is given a FIFO, in a mount namespace of our
 * own where a `/tmp` in memory hides the node's, so that nothing is written on the node. Where that may not be made, `/dev/stdout` is
 * tried. Later ones have a subcommand for it; 0.14 would take that for the name of the file.
 */
export const IMAGE_SCRIPT = `
case $(avml --help </dev/null 2>/dev/null) in *' acquire '*) set -- acquire;; *) set --;; esac
unshare --mount --propagation private true 2>/dev/null </dev/null || exec avml "$@" /dev/stdout </dev/null
for source in /proc/kcore /dev/crash /dev/mem; do
  # A kernel in lockdown has a kcore of nothing but its headers.
  [ "$source" != /proc/kcore ] || [ "$(stat -c %s /proc/kcore 2>/dev/null || echo 0)" -gt 8192 ] || continue
  if [ -r "$source" ]; then set -- "$@" --source "$source"; break; fi
done
exec unshare --mount --propagation private sh -c '
mount -t tmpfs none /tmp && mkfifo /tmp/memory.lime || exit
exec 3<>/tmp/memory.lime 4</tmp/memory.lime 5>/tmp/memory.lime 3<&-
cat <&4 5>&- &
exec 4<&-
avml "$@" /tmp/memory.lime </dev/null >&2 5>&-
status=$?
exec 5>&-
wait
exit $status
' memory "$@"
`;

/** Exit status where there is no such file. */
export const NOT_THERE = 3;

const kernelFile = (path: string): string => `
f=${path}
[ -f "$f" ] && [ ! -L "$f" ] || exit ${String(NOT_THERE)}
exec dd if="$f" iflag=nofollow bs=1048576 status=none </dev/null
`;

export const KERNEL_FILES = {
  'btf': { file: 'vmlinux.btf', script: kernelFile('"$ROOT/sys/kernel/btf/vmlinux"') },
  'kallsyms': { file: 'kallsyms.txt', script: kernelFile('"$PROC/kallsyms"') },
  'system-map': { file: 'system.map', script: kernelFile('"$ROOT/boot/System.map-$(uname -r)"') },
} as const;
export type KernelFile = keyof typeof KERNEL_FILES;
