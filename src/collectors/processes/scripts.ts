/**
 * What runs on the node: POSIX shell with GNU grep, findutils and coreutils. Each tool is given many files at once, since a process
 * started for each file of each process would take minutes. A process that ends while it is read is no error of theirs: xargs says 123.
 */

/** Address space of a grep over what a process may have made as long as it likes; a line that is kept whole fits many times. */
const MAX_GREP_KIB = 131_072;
/** What is read of a file for which that is too little. */
const MAX_CUT_BYTES = 1024 * 1024;

const ENDED_WELL = 'case $? in 0|123) exit 0;; *) exit $?;; esac';

/** What never waits for the memory of a process. `stat` first and last: a process that took over the number in between shows. */
const PLAIN_FILES = [
  'stat',
  'status',
  'cgroup',
  'loginuid',
  'sessionid',
  'oom_score_adj',
  'attr/current',
  'uid_map',
  'gid_map',
  'limits',
  'stat',
];

/** Records `<pid>/<file>`; `listed` is each process in the listing that was followed, `self/stat` and `self/cgroup` are ours. */
export const STATUS_SCRIPT = `
cd "$PROC" || exit 3
printf 'clock-ticks\\0%s\\n' "$(getconf CLK_TCK)"
grep -asHZ '' self/stat self/cgroup stat uptime loadavg sys/kernel/pid_max sys/kernel/random/boot_id
set -- [0-9]*
printf 'listed\\0%s\\n' "$@"
for p; do printf '${PLAIN_FILES.map((file) => `%s/${file}\\0`).join('')}' ${PLAIN_FILES.map(() => '"$p"').join(' ')}; done |
  xargs -0 -r grep -asHZ ''
${ENDED_WELL}
`;

/** The same processes once more after everything else: what ended, began or took over a number meanwhile. */
export const AFTER_SCRIPT = `
cd "$PROC" || exit 3
grep -asHZ '' self/stat
printf '%s/stat\\0' [0-9]* | xargs -0 -r grep -asHZ ''
${ENDED_WELL}
`;

/** Rows `<pid>/exe|cwd|root|ns/*|fd/*`, target, permission bits: of an fd they are how it was opened. */
export const LINKS_SCRIPT = `
cd "$PROC" || exit 3
for p in [0-9]*; do printf '%s/exe\\0%s/cwd\\0%s/root\\0%s/ns\\0%s/fd\\0' "$p" "$p" "$p" "$p" "$p"; done |
  xargs -0 -r sh -c 'exec find -P "$@" -maxdepth 1 -type l -printf "%p\\0%l\\0%m\\0"' exhibit
${ENDED_WELL}
`;

const STAT_FORMAT = '%n\\0%d\\0%i\\0%h\\0%s\\0%f\\0%u\\0%g\\0%Y\\0%Z\\0';
/** Fields of a row that `STAT_FORMAT` makes: name, device, inode, links, size, mode (hexadecimal), uid, gid, mtime, ctime. */
export const STAT_WIDTH = 10;

/** What each process runs, through the kernel's own reference to it: the path may lead to something else by now, or to nothing. */
export const EXECUTABLES_SCRIPT = `
cd "$PROC" || exit 3
for p in [0-9]*; do printf '%s/exe\\0' "$p"; done |
  xargs -0 -r timeout --foreground -s KILL 30 stat -L --printf '${STAT_FORMAT}'
${ENDED_WELL}
`;

/** The same of what is named on standard input, separated by NUL. */
export const STAT_GIVEN_SCRIPT = `
cd "$PROC" || exit 3
xargs -0 -r timeout --foreground -s KILL 30 stat -L --printf '${STAT_FORMAT}'
${ENDED_WELL}
`;

/** Rows: name as given on standard input, target. */
export const NAMES_GIVEN_SCRIPT = `
cd "$PROC" || exit 3
xargs -0 -r sh -c 'exec find -P "$@" -maxdepth 0 -printf "%p\\0%l\\0"' exhibit
${ENDED_WELL}
`;

/** Position, flags, mount and inode of each open file: the first four lines, since a watch or an epoll may list thousands more. */
export const FDINFO_SCRIPT = `
cd "$PROC" || exit 3
printf '%s/fdinfo\\0' [0-9]* | xargs -0 -r grep -asHZr -m 4 ''
${ENDED_WELL}
`;

/** Rows: name, target. Open files that have no name any more, or never had one. */
export const DELETED_SCRIPT = `
cd "$PROC" || exit 3
for p in [0-9]*; do printf '%s/exe\\0%s/fd\\0' "$p" "$p"; done |
  xargs -0 -r sh -c 'exec find -P "$@" -maxdepth 1 -type l \\( -lname "* (deleted)" -o -lname "/memfd:*" \\) -printf "%p\\0%l\\0"' exhibit
${ENDED_WELL}
`;

/** One file, named by the kernel's reference, when it is still the one that was seen: `$3` is device and inode. At most `$2` bytes. */
export const RECOVER_SCRIPT = `
cd "$PROC" || exit 3
# A name that leads to a pipe by now would hold up whoever opens it.
timeout --foreground -s KILL 10 sh -c '
exec 9<"$1"
[ "$(timeout --foreground -s KILL 5 stat -L --printf "%d:%i" - <&9)" = "$2" ] || exit 5' exhibit "$1" "$3"
case $? in 0) ;; 5|124|137) exit 5;; *) exit 4;; esac
exec 9<"$1" || exit 4
[ "$(stat -L --printf '%d:%i' - <&9)" = "$3" ] || exit 5
exec head -c "$2" <&9
`;

/** Rows: name as given on standard input, `<device> <inode> <size>` of what was opened, SHA-256; empty where it took too long. */
export const HASH_SCRIPT = `
cd "$PROC" || exit 3
INNER='exec <"$1" || exit 1
timeout --foreground -s KILL 10 stat -L --printf "%d %i %s/" - && exec timeout --foreground -s KILL 55 sha256sum'; export INNER
xargs -0 -r -n 32 sh -c '
for name; do
  said=$(timeout --foreground -s KILL 70 sh -c "$INNER" exhibit "$name")
  id=\${said%%/*}; sum=\${said#*/}
  [ -n "$id" ] && printf "%s\\0%s\\0%s\\0" "$name" "$id" "\${sum%% *}"
done' exhibit
${ENDED_WELL}
`;

/**
 * Reads `<pid>/$1` of many processes at a time with the grep flags `$2`. A file that needs the memory of its process can block for as
 * long as that process does: such a batch is ended, said to be void (`exhibit/void`, with its numbers) and read again one by one, and
 * what blocks again is named (`exhibit/blocked`). What a process says of itself may be one line of any length, which grep holds whole: it
 * gets no more memory than that, and a file that needs more is read at its beginning and named (`exhibit/cut`). `$3` stands before
 * the marks and `$4` behind, see `GrepRecords`.
 * `$5` and `$6`, where given, are the seconds that a batch and a single file have.
 */
const GUARDED_BATCH = `
xargs -0 -r -n 128 sh -c '
file=$1; flags=$2; before=$3; after=$4; together=$5; alone=$6; shift 6
pids=$*
for p; do set -- "$@" "$p/$file"; shift; done
ulimit -v ${String(MAX_GREP_KIB)} 2>/dev/null || :
exec 3>&1
# With -s nothing but the want of memory is complained of.
search() { said=$(timeout --foreground -s KILL "$@" 2>&1 >&3 3>&-); status=$?; [ -z "$said" ] || [ "$status" != 2 ] || status=memory; }
mark() { printf "\${before}exhibit/%s\\0%s\${after}" "$1" "$2"; }
search "$together" grep --line-buffered "$flags" "" "$@"
case $status in 124|137|memory) ;; 126|127) exit 255;; *) exit 0;; esac
mark void "$pids"
for name; do
  search "$alone" grep --line-buffered "$flags" "" "$name"
  case $status in
  124|137) mark blocked "$name";;
  memory)
    timeout --foreground -s KILL "$alone" head -c ${String(MAX_CUT_BYTES)} "$name" 2>/dev/null | grep "$flags" "" --label="$name"
    mark cut "$name";;
  esac
done
exit 0' exhibit "$1" "$2" "$3" "$4" "\${5:-10}" "\${6:-2}"
${ENDED_WELL}
`;

/** Of every process; those that wait for a disk or a lock come last. */
export const GUARDED_SCRIPT = `
cd "$PROC" || exit 3
late=
every() {
  for p in [0-9]*; do
    line=
    { IFS= read -r line <"$p/stat"; } 2>/dev/null || continue
    case \${line##*) } in D*) late="$late $p"; continue;; esac
    printf '%s\\0' "$p"
  done
  for p in $late; do printf '%s\\0' "$p"; done
}
every |${GUARDED_BATCH}`;

/** Of the processes whose numbers stand on standard input. */
export const GUARDED_GIVEN_SCRIPT = `
cd "$PROC" || exit 3
${GUARDED_BATCH}`;

/** Arguments of the guarded scripts, for lines and for what is separated by NUL. */
export const GUARDED_LINES = ['-asHZ', '\\n', '\\n'] as const;
export const GUARDED_STRINGS = ['-asHZz', '\\0\\0\\n', '\\0'] as const;

/** Rows: name, namespace of the mounts. */
export const MOUNT_NAMESPACES_SCRIPT = `
cd "$PROC" || exit 3
for p in [0-9]*; do printf '%s/ns/mnt\\0' "$p"; done | xargs -0 -r sh -c 'exec find -P "$@" -printf "%p\\0%l\\0"' exhibit
${ENDED_WELL}
`;

/**
 * Every number that could be a process, asked for by itself: what hides from a listing may still answer to its name. Rows: kind and
 * number: `task` in the listing before and after, `answers` when asked, `tried` the last one that was asked.
 */
export const HIDDEN_SCRIPT = `
cd "$PROC" || exit 3
tasks() { find -P . -mindepth 3 -maxdepth 3 -path './[0-9]*/task/[0-9]*' -printf 'task\\0%f\\0' 2>/dev/null; }
tasks
read -r _ _ _ _ last <loadavg
# The shell reads byte by byte, and the kernel gives such a file only in one piece.
most=$(cat sys/kernel/pid_max)
forks=0
while read -r word count _; do case $word in processes) forks=$count;; esac; done <stat
# Fewer forks than numbers: none was given twice, and none beyond the last one.
[ "$forks" -lt "$most" ] && most=$((last + 1024))
[ "$most" -gt "$1" ] && most=$1
i=0
while [ "$i" -lt "$most" ]; do
  i=$((i + 1))
  [ -e "$i" ] && printf 'answers\\0%s\\0' "$i"
  case $i in *0000) printf 'tried\\0%s\\0' "$i";; esac
done
printf 'tried\\0%s\\0' "$i"
tasks
exit 0
`;

/** Asked again of the numbers on standard input: those that still answer, between two more listings. */
export const HIDDEN_AGAIN_SCRIPT = `
cd "$PROC" || exit 3
tasks() { find -P . -mindepth 3 -maxdepth 3 -path './[0-9]*/task/[0-9]*' -printf 'task\\0%f\\0' 2>/dev/null; }
tasks
xargs -0 -r sh -c 'for i; do [ -e "$i" ] && printf "answers\\0%s\\0" "$i"; done; exit 0' exhibit
tasks
exit 0
`;
