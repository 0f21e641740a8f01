import type { NodeCommand } from '../ports/node-access.js';

/** Tools that our scripts may use; what is missing is said in the facts, and by each artifact that needed it. */
const ASKED_TOOLS = [
  'tar',
  'find',
  'stat',
  'grep',
  'sha256sum',
  'dd',
  'xargs',
  'getfattr',
  'nsenter',
  'ss',
  'ip',
  'nft',
  'iptables-save',
  'ip6tables-save',
  'conntrack',
  'bpftool',
  'journalctl',
  'timeout',
  'renice',
  'avml',
  'ionice',
] as const;

const MAX_PROBE_BYTES = 65_536;
const PROBE_TIMEOUT_MS = 20_000;

/**
 * Lines `key<TAB>value`. The canary on standard input proves that the far side's `head` takes no byte more than it was told. Files below
 * `$ROOT` are the node's: they are opened without waiting for a FIFO, and not at all where a component of the path is a link, which would
 * lead to the files of whoever asks.
 */
export const PROBE: NodeCommand = {
  name: 'probe',
  script:
    `
below() {
  path=$ROOT; rest=$` +
    '{1#/}' +
    `
  while :; do
    path=$path/$` +
    '{rest%%/*}' +
    `
    [ -h "$path" ] && return
    case $rest in */*) rest=$` +
    '{rest#*/}' +
    `;; *) break;; esac
  done
  dd if="$path" iflag=nofollow,nonblock bs=4096 count=1 status=none 2>/dev/null </dev/null | head -n 1 | tr -d '\\000'
}
printf 'canary\\t%s\\n' "$(cat)"
printf 'uid\\t%s\\n' "$(id -u)"
printf 'machine\\t%s\\n' "$(uname -m)"
printf 'kernel\\t%s\\n' "$(uname -r)"
printf 'uname\\t%s\\n' "$(uname -n)"
printf 'hostname\\t%s\\n' "$(below /etc/hostname)"
printf 'machine-id\\t%s\\n' "$(below /etc/machine-id)"
if [ -r "$PROC/sys/kernel/random/boot_id" ]; then IFS= read -r boot < "$PROC/sys/kernel/random/boot_id"; printf 'boot-id\\t%s\\n' "$boot"; fi
printf 'nice\\t%s\\n' "$(nice)"
printf 'io-class\\t%s\\n' "$(ionice 2>/dev/null </dev/null)"
[ -r "$PROC/pressure/io" ] && printf 'pressure\\tyes\\n'
while IFS= read -r line; do case $line in CapEff:*) printf 'capabilities\\t%s\\n' "$` +
    `{line#CapEff:}";; esac; done < /proc/self/status
printf 'pidns\\t%s\\t%s\\n' "$(readlink "$PROC/self/ns/pid" 2>/dev/null)" "$(readlink "$PROC/1/ns/pid" 2>/dev/null)"
for tool in "$@"; do
  command -v "$tool" >/dev/null 2>&1 || continue
  case $tool in ss|ip|conntrack) flag=-V;; *) flag=--version;; esac
  printf 'tool\\t%s\\t%s\\n' "$tool" "$("$tool" $flag 2>&1 </dev/null | head -n 1)"
done
`,
  args: ASKED_TOOLS,
  stdin: Buffer.from('canary'),
  maxBytes: MAX_PROBE_BYTES,
  timeoutMs: PROBE_TIMEOUT_MS,
};
