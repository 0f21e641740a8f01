/** Files at most, and the largest that is hashed. */
export const MAX_FILES = 300_000;
/** Address space of the grep, which holds whole what has no NUL in it; then each file's beginning is given to it alone. */
const MAX_GREP_KIB = 131_072;
const MAX_HASHED_KIB = 1024 * 1024;

/** Fields of a row after its `S`: name, size, mode (hexadecimal), uid, gid, links, device, inode, modified, changed. */
export const STAT_FIELDS = 10;
const STAT = String.raw`S\0%n\0%s\0%f\0%u\0%g\0%h\0%d\0%i\0%.9Y\0%.9Z\0`;

/**
 * Where programs live and where anybody may write, relative to the node's root. A folder that is a link, or lies behind one, is not
 * entered: what \`/bin\` leads to is \`usr/bin\`.
 */
export const FOLDERS: readonly string[] = [
  ...[
    'usr',
    'bin',
    'sbin',
    'lib',
    'lib32',
    'lib64',
    'libx32',
    'opt',
    'etc',
    'boot',
    'srv',
    'root',
    'home',
    'tmp',
    'run',
  ],
  ...['var/tmp', 'var/spool', 'var/www', 'dev/shm'],
];

/**
 * Executables, libraries and kernel modules of the folders \`$@\`, in batches: fields ended by NUL. \`D\` and the folder of the batch, which
 * the shell has entered, and the kernel said that it stands where it was found: one that was exchanged for a link meanwhile is not read.
 * \`S\` and its row for each file of the batch, by its name in there; then \`HASH  NAME\` of each; then NAME and \`0:BEGINNING\` of each that begins as an ELF file or a script; then \`E\`. \`B\`, a
 * name and a size is a file too large to be hashed. A file may become a pipe between search and reading, and opening it would wait for
 * ever: \`V\` says that the hashes of the batch are void, and those that can be had in time follow again. Names begin with \`./\`, so that
 * none can pass for one of these letters. It ends with 9 when not every folder could be searched or entered.
 */
export const EXECUTABLES_SCRIPT = `
cd -P -- "$ROOT/" || exit 65
root=$PWD; case $root in /) root= ;; esac; export root
usable() { way=.; IFS=/; for part in $1; do way=$way/$part; [ -d "$way" ] && [ ! -L "$way" ] || { IFS=' '; return 1; }; done; IFS=' '; }
folders() { for folder; do usable "$folder" && printf './%s\\0' "$folder"; done; :; }
search() { xargs -0 -r sh -c 'size=$1; shift; what=$1; shift
  exec find -P "$@" -ignore_readdir_race -xdev -type f "(" -perm /111 -o -name "*.so" -o -name "*.so.*" -o -name "*.ko" -o -name "*.ko.*" ")" -size "$size" -printf "$what"' exhibit "$@"; }
folders "$@" | search +${String(MAX_HASHED_KIB)}k 'B\\0%p\\0%s\\0' 2>/dev/null
exec 4>&1
bad=$({ folders "$@" | { search -${String(MAX_HASHED_KIB + 1)}k '%p\\0' || echo search >&3; } | head -z -n ${String(MAX_FILES)} |
  xargs -0 -r -n 400 sh -c '
read_in() (
folder=$1; left=$2; shift 2
[ -e "$folder/" ] || [ -L "$folder" ] || exit 0
cd -P -- "$folder/" 2>/dev/null && [ "$PWD" = "$root\${folder#.}" ] || { echo moved >&3; exit; }
for file; do shift; [ "$left" = 0 ] || { set -- "$@" "./\${file##*/}"; left=$((left - 1)); }; done
printf "D\\0%s\\0" "$folder"
stat --printf="${STAT}" -- "$@"
timeout --foreground -s KILL 150 sha256sum -z -- "$@"
case $? in 124|137)
  printf "\\0V\\0"
  for file; do [ -f "$file" ] && [ ! -L "$file" ] && timeout --foreground -s KILL 60 sha256sum -z -- "$file"; done;; esac
begins() { grep -aHzboZ -m1 -D skip -E "^(.ELF|#![ -~]{0,200})" "$@"; }
said=$( (ulimit -v ${String(MAX_GREP_KIB)} 2>/dev/null; begins -- "$@" 2>&1 >&4) )
case $said in *"memory exhausted"*)
  for file; do timeout --foreground -s KILL 10 head -c 256 -- "$file" | begins --label="$file"; done;;
*) [ -z "$said" ] || printf "%s\\n" "$said" >&2;; esac
printf "E\\0"
)
while [ $# -gt 0 ]; do
  folder=\${1%/*}; count=0
  for file; do [ "\${file%/*}" = "$folder" ] || break; count=$((count + 1)); done
  read_in "$folder" "$count" "$@"; shift "$count"
done' exhibit >&4; } 3>&1)
[ -z "$bad" ] || exit 9
exit 0
`;
