import { ExhibitError } from '../model/errors.js';
import type { NodeCommand, NodeFacts, NodeRung } from '../ports/node-access.js';
import { runFarScript, type FarSide } from './run-far-script.js';

/** Tools that our scripts may use; what is missing is said in the facts, and by each artifact that needed it. */
export const ASKED_TOOLS = [
  'tar',
  'find',
  'stat',
  'grep',
  'sha256sum',
  'dd',
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
  'ionice',
] as const;

/** PROC_PID_INIT_INO of linux/proc_ns.h: the kernel gives it to the namespace it began with. */
const INITIAL_PID_NAMESPACE = 'pid:[4026531836]';
const MAX_PROBE_BYTES = 65_536;
const PROBE_TIMEOUT_MS = 20_000;

/** Lines `key<TAB>value`. The canary on standard input proves that the far side's `head` takes no byte more than it was told. */
const PROBE: NodeCommand = {
  name: 'probe',
  script: `
printf 'canary\\t%s\\n' "$(cat)"
printf 'uid\\t%s\\n' "$(id -u)"
printf 'machine\\t%s\\n' "$(uname -m)"
printf 'kernel\\t%s\\n' "$(uname -r)"
while IFS= read -r line; do case $line in CapEff:*) printf 'capabilities\\t%s\\n' "\${line#CapEff:}";; esac; done < /proc/self/status
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

/** By number, linux/capability.h. */
const CAPABILITIES = [
  'chown',
  'dac_override',
  'dac_read_search',
  'fowner',
  'fsetid',
  'kill',
  'setgid',
  'setuid',
  'setpcap',
  'linux_immutable',
  'net_bind_service',
  'net_broadcast',
  'net_admin',
  'net_raw',
  'ipc_lock',
  'ipc_owner',
  'sys_module',
  'sys_rawio',
  'sys_chroot',
  'sys_ptrace',
  'sys_pacct',
  'sys_admin',
  'sys_boot',
  'sys_nice',
  'sys_resource',
  'sys_time',
  'sys_tty_config',
  'mknod',
  'lease',
  'audit_write',
  'audit_control',
  'setfcap',
  'mac_override',
  'mac_admin',
  'syslog',
  'wake_alarm',
  'block_suspend',
  'audit_read',
  'perfmon',
  'bpf',
  'checkpoint_restore',
] as const;

/** From the hexadecimal set of `/proc/self/status`; what is no such set gives none. */
export function parseCapabilities(text: string): readonly string[] {
  const digits = text.trim();
  if (!/^[0-9a-f]{1,16}$/.test(digits)) return [];
  const bits = BigInt(`0x${digits}`);
  return CAPABILITIES.filter((_, index) => ((bits >> BigInt(index)) & 1n) === 1n).toSorted();
}

function degradedOf(facts: {
  uid: string;
  capabilities: readonly string[];
  processes: boolean;
}): NodeFacts['degraded'] {
  const degraded: { reason: string; detail: string }[] = [];
  if (facts.uid !== '0')
    degraded.push({ reason: 'not-root', detail: `runs as user ${facts.uid}: what only root may read is denied` });
  if (!facts.capabilities.includes('sys_admin'))
    degraded.push({
      reason: 'trusted-xattrs-unreadable',
      detail:
        'without sys_admin the kernel hides trusted.* attributes: opaque and renamed folders of a layer do not show',
    });
  if (!facts.capabilities.includes('sys_ptrace'))
    degraded.push({
      reason: 'processes-guarded',
      detail: "without sys_ptrace the executables, files and environment of other users' processes are hidden",
    });
  if (!facts.processes)
    degraded.push({ reason: 'no-processes', detail: 'the far side does not see the processes of the node' });
  return degraded;
}

/** Asks a far side what it is. Throws `NODE_ACCESS_REFUSED` when it does not answer as our scripts need it. */
export async function probeNode(node: string, rung: NodeRung, far: FarSide, signal: AbortSignal): Promise<NodeFacts> {
  const chunks: Buffer[] = [];
  const end = await runFarScript({ ...PROBE, signal }, far, {
    chunk: (bytes) => {
      chunks.push(bytes);
    },
  });
  const lines = Buffer.concat(chunks)
    .toString('utf8')
    .split('\n')
    .map((line) => line.split('\t'));
  const valueOf = (key: string): string => lines.find(([name]) => name === key)?.[1]?.trim() ?? '';
  if (end.end !== 'complete' || valueOf('canary') !== 'canary') {
    throw new ExhibitError(
      'NODE_ACCESS_REFUSED',
      `the shell on ${node} cannot run our scripts: ${end.endDetail ?? 'GNU coreutils are needed'}`,
      {
        subject: 'no-usable-shell',
      },
    );
  }
  const offline = rung === 'disk';
  const capabilities = parseCapabilities(valueOf('capabilities'));
  const [, own = '', first = ''] = lines.find(([name]) => name === 'pidns') ?? [];
  const processes = !offline && (own === INITIAL_PID_NAMESPACE || (own !== '' && own === first));
  const tools = Object.fromEntries(
    lines
      .filter(([key, name]) => key === 'tool' && name !== undefined)
      .map(([, name = '', version = '']) => [name, version.slice(0, 200)]),
  );
  return {
    rung,
    vantage: offline ? 'offline-disk' : 'live-kernel',
    node,
    machine: offline ? null : valueOf('machine'),
    kernel: offline ? null : valueOf('kernel'),
    root: far.root,
    processes,
    capabilities,
    tools,
    degraded: degradedOf({ uid: valueOf('uid'), capabilities, processes }),
  };
}
