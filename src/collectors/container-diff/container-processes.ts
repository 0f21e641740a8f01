import { cgroupOwner } from '../cgroup-container.js';
import { oncePerAccess } from '../once-per-access.js';
import { PROCESSES_SCRIPT } from './far-scripts.js';
import { runShort } from './run-short.js';

/** The first process of a container: the one that its runtime started first. */
export interface ContainerProcess {
  readonly pid: number;
  /** In the eyes of the node; the runtime's helper, or 1. */
  readonly parentPid: number;
  /** Clock ticks since boot: a process with the same pid and another start is another one. */
  readonly startTicks: string;
}

export interface ProcStat {
  readonly parentPid: number;
  readonly startTicks: string;
}

/** `/proc/<pid>/stat`: the name may hold anything, so fields are counted from its last parenthesis. `null` when it is no such line. */
export function parseProcStat(text: string): ProcStat | null {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const parentPid = fields[1] ?? '';
  const startTicks = fields[19] ?? '';
  if (!/^\d{1,10}$/.test(parentPid) || !/^\d{1,20}$/.test(startTicks)) return null;
  return { parentPid: Number(parentPid), startTicks };
}

/** What `grep -HZ` prints of many files, Latin-1: by file name, lines joined again. */
export function linesByFile(answer: Buffer): Map<string, string> {
  const texts = new Map<string, string>();
  let current = '';
  for (const line of answer.toString('latin1').split('\n')) {
    const nul = line.indexOf('\0');
    if (nul === -1) continue;
    current = line.slice(0, nul);
    texts.set(current, `${texts.get(current) ?? ''}${line.slice(nul + 1)}\n`);
  }
  return texts;
}

/** By container id. Untrusted: a process that its node let out of its control group is not found. */
export function containerProcessesOf(answer: Buffer): Map<string, ContainerProcess> {
  const stats = new Map<number, ProcStat>();
  const owners = new Map<number, string>();
  for (const [file, text] of linesByFile(answer)) {
    const [, digits, kind] = /\/(\d{1,10})\/(stat|cgroup)$/.exec(file) ?? [];
    const pid = Number(digits);
    if (kind === 'stat') {
      const stat = parseProcStat(text.trimEnd());
      if (stat !== null) stats.set(pid, stat);
    } else if (kind === 'cgroup') {
      const { containerId } = cgroupOwner(text);
      if (containerId !== null) owners.set(pid, containerId);
    }
  }
  const first = new Map<string, ContainerProcess>();
  for (const [pid, containerId] of owners) {
    const stat = stats.get(pid);
    if (stat === undefined || owners.get(stat.parentPid) === containerId) continue;
    const other = first.get(containerId);
    if (other === undefined || isEarlier({ pid, ...stat }, other)) first.set(containerId, { pid, ...stat });
  }
  return first;
}

/** What is executed in a container later has the same parent. */
function isEarlier(one: ContainerProcess, other: ContainerProcess): boolean {
  const difference = BigInt(one.startTicks) - BigInt(other.startTicks);
  return difference < 0n || (difference === 0n && one.pid < other.pid);
}

/** The containers that run on a node, read once per way to it. Throws what `runShort` throws. */
export const containerProcesses = oncePerAccess(
  async (access, signal): Promise<ReadonlyMap<string, ContainerProcess>> => {
    const { bytes } = await runShort(access, { name: 'container-processes', script: PROCESSES_SCRIPT, signal });
    return containerProcessesOf(bytes);
  },
);
