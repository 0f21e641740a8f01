/**
 * What runs on the node: POSIX shell with GNU grep, findutils and coreutils, and the network tools of the far side's own image. `nsenter`
 * changes the network namespace and nothing else, so that no file of a container is ever run.
 */

const ENDED_WELL = 'case $? in 0|123) exit 0;; *) exit $?;; esac';

/** Records `<pid>/stat` and `<pid>/cgroup`: whose the sockets are. */
export const OWNERS_SCRIPT = `
cd "$PROC" || exit 3
for p in [0-9]*; do printf '%s/stat\\0%s/cgroup\\0' "$p" "$p"; done | xargs -0 -r grep -asHZ ''
${ENDED_WELL}
`;

/**
 * Rows of a reference and what it leads to: the namespace of each process, each open socket, namespaces that are held open, and those
 * that have a name and perhaps no process.
 */
export const LINKS_SCRIPT = `
cd "$PROC" || exit 3
for p in [0-9]*; do printf '%s/ns/net\\0%s/fd\\0' "$p" "$p"; done |
  xargs -0 -r sh -c 'exec find -P "$@" -maxdepth 1 -type l \\( -path "*/ns/net" -o -lname "socket:*" -o -lname "net:*" \\) -printf "%p\\0%l\\0"' exhibit
for folder in "$ROOT/run/netns" "$ROOT/run/docker/netns"; do
  [ -d "$folder" ] && find -P "$folder" -mindepth 1 -maxdepth 1 -fstype nsfs -printf '%p\\0net:[%i]\\0'
done
exit 0
`;

const SOCKET_FILES = [
  'tcp',
  'tcp6',
  'udp',
  'udp6',
  'udplite',
  'udplite6',
  'raw',
  'raw6',
  'icmp',
  'icmp6',
  'unix',
  'packet',
  'netlink',
  'sctp/assocs',
  'sctp/eps',
];
const TABLE_FILES = [
  'arp',
  'route',
  'ipv6_route',
  'if_inet6',
  'dev',
  'snmp',
  'sockstat',
  'ip_tables_names',
  'ip6_tables_names',
  'ip_vs',
  'ip_vs_conn',
];

/**
 * Records `<pid>/net/<file>` of the processes on standard input, one of each namespace: nothing is entered. Records `before` and `after`
 * frame each batch and hold a reference and where it leads: a process may end, and its number go to another in another namespace.
 */
const readThroughProcesses = (files: readonly string[]): string => `
cd "$PROC" || exit 3
xargs -0 -r -n 256 sh -c '
handles() { for p; do printf "%s/ns/net\\0" "$p"; done; }
check() { handles "$@" | xargs -0 -r stat -L --printf "$when\\0%n %i\\n" 2>/dev/null; }
when=before; check "$@"
for p; do printf "${files.map((file) => `%s/net/${file}\\0`).join('')}" ${files.map(() => '"$p"').join(' ')}; done |
  xargs -0 -r grep -asHZ ""
when=after; check "$@"
exit 0' exhibit
${ENDED_WELL}
`;

/** For each pair on standard input, number of a namespace and reference to it; a record `namespace` says which is meant by what follows. */
const eachNamespace = (body: string): string => `
cd "$PROC" || exit 3
xargs -0 -r -n 64 sh -c '
pairs() { while [ $# -ge 2 ]; do printf "%s\\0" "$2"; shift 2; done; }
check() { pairs "$@" | xargs -0 -r stat -L --printf "$when\\0%n %i\\n" 2>/dev/null; }
each() {
  while [ $# -ge 2 ]; do
    ns=$1; handle=$2; shift 2
    printf "namespace\\0%s\\n" "$ns"
    ${body}
  done
}
when=before; check "$@"
each "$@"
when=after; check "$@"
exit 0' exhibit
${ENDED_WELL}
`;

/** The same of namespaces without a process, which are entered. */
const readEntered = (files: readonly string[]): string => `
INNER='cd "$PROC/self/net" && exec grep -asHZ "" "$@"'; export INNER
${eachNamespace(`timeout --foreground -s KILL 20 nsenter --net="$handle" sh -c "$INNER" exhibit ${files.join(' ')}`)}`;

export const SOCKETS_SCRIPT = readThroughProcesses(SOCKET_FILES);
export const SOCKETS_ENTERED_SCRIPT = readEntered(SOCKET_FILES);
export const TABLES_SCRIPT = readThroughProcesses(TABLE_FILES);
export const TABLES_ENTERED_SCRIPT = readEntered(TABLE_FILES);

/** Stands at the end of each section of a tool: its exit status. */
export const STATUS_LINE = 'exhibit-status ';

/**
 * The time-out ends the tool itself, and the shell waits for the reader of what it said, which names the namespace in each line: what one
 * namespace says late can stand below no other. A line that was cut is ended before the status.
 */
const SECTION = `section() {
  label=$1; seconds=$2; shift 2
  { timeout --foreground -s KILL "$seconds" "$@" 2>&1; status=$?
    case $status in 124|137) echo;; esac
    printf "${STATUS_LINE}%s\\n" "$status"; } | grep -aHZ --label="$ns/tool/$label" ""
}`;

/** Tools in each namespace, which is entered once. */
const runTools = (inner: string): string => `
INNER='ns=$1
${SECTION}
${inner}'; export INNER
${eachNamespace(`nsenter --net="$handle" sh -c "$INNER" exhibit "$ns" || printf "%s/tool/none\\0${STATUS_LINE}%s\\n" "$ns" "$?"`)}`;

/** The same sockets as the kernel says them over netlink. Owners are not asked for: that would read every process once per namespace. */
export const DIAG_SCRIPT = runTools('section ss 20 ss -H -n -a -e -O -t -u -w');

/** Addresses, routes, rules and neighbours, packet filters. The old tables are read only where the kernel already has some. */
export const CONFIGURATION_SCRIPT = runTools(
  `
printf "address show\\nroute show table all\\nrule show\\nneigh show\\n" | section ip 20 ip -j -d -s -force -batch -
printf "route show table all\\nrule show\\nneigh show\\n" | section ip6 20 ip -j -6 -d -s -force -batch -
command -v nft >/dev/null && section nft 20 nft -j list ruleset
command -v iptables-save >/dev/null && section iptables 20 iptables-save -c
command -v ip6tables-save >/dev/null && section ip6tables 20 ip6tables-save -c
table=; { read -r table <"$PROC/self/net/ip_tables_names"; } 2>/dev/null
[ -n "$table" ] && command -v iptables-legacy-save >/dev/null && section iptables-legacy 20 iptables-legacy-save -c
table=; { read -r table <"$PROC/self/net/ip6_tables_names"; } 2>/dev/null
[ -n "$table" ] && command -v ip6tables-legacy-save >/dev/null && section ip6tables-legacy 20 ip6tables-legacy-save -c
exit 0`,
);

/** Connections that the packet filter follows, those of other machines through this one included. */
export const CONNTRACK_SCRIPT = runTools(
  `
if [ -e "$PROC/self/net/nf_conntrack" ]; then section nf_conntrack 60 cat "$PROC/self/net/nf_conntrack"
elif command -v conntrack >/dev/null; then section conntrack 60 conntrack -L -o extended
fi
exit 0`,
);
