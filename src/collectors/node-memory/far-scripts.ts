export const MEMINFO_SCRIPT = 'exec cat "$PROC/meminfo" </dev/null';

/** `avml` of this way's own tools; to the pipe it takes one source and does not begin anew. */
export const IMAGE_SCRIPT = 'exec avml /dev/stdout </dev/null';

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
