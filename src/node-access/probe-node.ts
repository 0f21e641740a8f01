import { ExhibitError } from '../model/errors.js';
import type { NodeCommandEnd, NodeFacts, NodeRung, NodeSelf } from '../ports/node-access.js';
import { escapeForTerminal } from '../lib/terminal-escape.js';
import { parseCapabilities } from './capabilities.js';
import { PROBE } from './probe-script.js';
import { runFarScript, type FarSide } from './run-far-script.js';

/** PROC_PID_INIT_INO of linux/proc_ns.h: the kernel gives it to the namespace it began with. */
const INITIAL_PID_NAMESPACE = 'pid:[4026531836]';
const MAX_TEXT_LENGTH = 200;
/** The rungs whose far side is the node itself, and not a container or another machine with the node's disk. */
const ON_THE_NODE: ReadonlySet<NodeRung> = new Set<NodeRung>(['ssh', 'local']);

/** The answer of the probe: lines of fields separated by tabs. Untrusted. */
class Answer {
  readonly #lines: readonly (readonly string[])[];

  constructor(bytes: Buffer) {
    this.#lines = bytes
      .toString('utf8')
      .split('\n')
      .map((line) => line.split('\t').map((field) => field.trim().slice(0, MAX_TEXT_LENGTH)));
  }

  /** The first line with this key, without the key. */
  fields(key: string): readonly string[] {
    return this.#lines.find(([name]) => name === key)?.slice(1) ?? [];
  }

  /** The first that says something: the kernel puts a tab of its own before some values. */
  text(key: string): string {
    return this.fields(key).find((field) => field !== '') ?? '';
  }

  textOrNull(key: string): string | null {
    return this.text(key) === '' ? null : this.text(key);
  }

  /** Second field by first, of every line with this key. */
  table(key: string): Readonly<Record<string, string>> {
    return Object.fromEntries(
      this.#lines.filter(([name]) => name === key).map(([, first = '', second = '']) => [first, second]),
    );
  }
}

function degradedOf(
  { uid }: NodeSelf,
  {
    capabilities,
    processes,
    pidNamespace,
  }: Pick<NodeFacts, 'capabilities' | 'processes'> & { readonly pidNamespace: string },
): NodeFacts['degraded'] {
  const degraded: { reason: string; detail: string }[] = [];
  if (uid !== '0')
    degraded.push({
      reason: 'not-root',
      detail: `runs as user ${uid ?? 'unknown'}: what only root may read is denied`,
    });
  if (!capabilities.includes('sys_admin'))
    degraded.push({
      reason: 'trusted-xattrs-unreadable',
      detail:
        'without sys_admin the kernel hides trusted.* attributes: opaque and renamed folders of a layer do not show',
    });
  if (!capabilities.includes('sys_ptrace'))
    degraded.push({
      reason: 'processes-guarded',
      detail: "without sys_ptrace the executables, files and environment of other users' processes are hidden",
    });
  if (!processes)
    degraded.push({ reason: 'no-processes', detail: 'the far side does not see the processes of the node' });
  if (pidNamespace !== '' && pidNamespace !== INITIAL_PID_NAMESPACE)
    degraded.push({
      reason: 'pid-namespace',
      detail: `runs in ${pidNamespace}, not in the kernel's first PID namespace: processes outside it do not show`,
    });
  return degraded;
}

function selfOf(answer: Answer, rung: NodeRung): NodeSelf {
  const machineId = answer.text('machine-id').toLowerCase();
  return {
    hostname: answer.textOrNull(ON_THE_NODE.has(rung) ? 'uname' : 'hostname'),
    machineId: /^[0-9a-f]{32}$/.test(machineId) ? machineId : null,
    bootId: rung === 'disk' ? null : answer.textOrNull('boot-id'),
    uid: answer.textOrNull('uid'),
    nice: answer.textOrNull('nice'),
    ioClass: answer.textOrNull('io-class'),
    pressure: answer.text('pressure') === 'yes',
  };
}

/** Only the kernel's first namespace holds every process. Another one has a first process and a `/proc` of its own, too, and looks whole. */
function seesProcesses(answer: Answer, rung: NodeRung): boolean {
  const [own = '', first = ''] = answer.fields('pidns');
  return rung !== 'disk' && own === INITIAL_PID_NAMESPACE && (first === '' || first === own);
}

function noUsableShell(node: string, end: NodeCommandEnd): ExhibitError {
  const said = end.stderr.trim() === '' ? '' : `: ${escapeForTerminal(end.stderr.trim(), MAX_TEXT_LENGTH)}`;
  const why = end.endDetail ?? 'GNU coreutils are needed';
  const sudo = /^sudo:/m.test(end.stderr);
  return new ExhibitError('NODE_ACCESS_REFUSED', `the shell on ${node} cannot run our scripts: ${why}${said}`, {
    subject: sudo ? 'sudo-refused' : 'no-usable-shell',
  });
}

/** Asks a far side what it is. Throws `NODE_ACCESS_REFUSED` when it does not answer as our scripts need it. */
export async function probeNode(
  { node, rung, transport }: { node: string; rung: NodeRung; transport?: Readonly<Record<string, string>> },
  far: FarSide,
  signal: AbortSignal,
): Promise<NodeFacts> {
  const chunks: Buffer[] = [];
  const end = await runFarScript({ ...PROBE, signal }, far, {
    chunk: (bytes) => {
      chunks.push(bytes);
    },
  });
  signal.throwIfAborted();
  const answer = new Answer(Buffer.concat(chunks));
  if (end.end !== 'complete' || answer.text('canary') !== 'canary') throw noUsableShell(node, end);
  const offline = rung === 'disk';
  const self = selfOf(answer, rung);
  const capabilities = parseCapabilities(answer.text('capabilities'));
  const processes = seesProcesses(answer, rung);
  const pidNamespace = offline ? '' : (answer.fields('pidns')[0] ?? '');
  return {
    rung,
    vantage: offline ? 'offline-disk' : 'live-kernel',
    node,
    machine: offline ? null : answer.text('machine'),
    kernel: offline ? null : answer.text('kernel'),
    root: far.root,
    processes,
    capabilities,
    tools: answer.table('tool'),
    degraded: degradedOf(self, { capabilities, processes, pidNamespace }),
    self,
    ...(transport === undefined ? {} : { transport }),
  };
}
