import { toRfc3339 } from '../../lib/clock.js';
import type { NodeRung } from '../../ports/node-access.js';
import type { CgroupOwner } from '../cgroup-container.js';
import { rawText, type RawText } from '../raw-text.js';
import type { CommandLines } from './command-lines.js';
import type { FileFacts } from './file-rows.js';
import { saysDeleted, type LinksOfProcess, type ProcessLinks } from './process-links.js';
import type { TableRace } from './table-race.js';
import type { ProcessEntry, ProcessTable, TableClock } from './process-table.js';

/** What was seen of all processes of a node, in the order in which it was read. */
export interface ProcessViews {
  readonly table: ProcessTable;
  readonly links: ProcessLinks;
  readonly commandLines: CommandLines;
  /** What `/proc/<pid>/exe` leads to. */
  readonly files: ReadonlyMap<number, FileFacts>;
  readonly race: TableRace;
  readonly rung: NodeRung;
}

interface ExecutableLine {
  readonly link: RawText;
  readonly deleted: boolean;
  readonly memfd: boolean;
  /** `null` = the file itself could not be reached. */
  readonly device: string | null;
  readonly inode: string | null;
  readonly sizeBytes: number | null;
}

/** One line of `processes.jsonl`. Names that end in `B64` and `display` are the process's own choice. */
export interface ProcessLine extends Omit<CgroupOwner, 'path'> {
  readonly pid: number;
  readonly ppid: number;
  readonly processGroup: number;
  readonly session: number;
  readonly comm: RawText;
  readonly state: string;
  readonly threads: number;
  readonly kernelThread: boolean;
  readonly startTicks: number;
  /** From the boot time, whose resolution is a second. */
  readonly startedAt: string | null;
  /** `vanished` and `reused`: what was read before is of this process, the rest may be missing or another's. */
  readonly read: 'whole' | 'vanished' | 'reused';
  /** What should be there and could not be read. */
  readonly unread: readonly string[];
  /** This program's own, while it looked. */
  readonly own: boolean;
  readonly exe: ExecutableLine | null;
  readonly cmdline: { readonly args: readonly RawText[]; readonly count: number; readonly sizeBytes: number } | null;
  readonly cgroup: RawText;
  readonly [more: string]: unknown;
}

function startedAt({ startTicks }: { startTicks: number }, { ticksPerSecond, bootedAt }: TableClock): string | null {
  if (bootedAt === null || startTicks < 0) return null;
  const epochMs = bootedAt * 1000 + Math.floor((startTicks * 1000) / ticksPerSecond);
  return epochMs < 8e15 ? toRfc3339(epochMs) : null;
}

function executableLine(links: LinksOfProcess | undefined, file: FileFacts | undefined): ExecutableLine | null {
  if (links?.exe === null || links === undefined) return null;
  const text = links.exe.toString('latin1');
  return {
    link: rawText(links.exe),
    deleted: file === undefined ? saysDeleted(links.exe) : file.links === 0 || text.endsWith(' (deleted)'),
    memfd: text.startsWith('/memfd:'),
    device: file?.device ?? null,
    inode: file?.inode ?? null,
    sizeBytes: file?.sizeBytes ?? null,
  };
}

/** The process group of the script, in the pod everything in its container, and locally the program that started the script. */
function isOwn({ stat, owner }: ProcessEntry, { table, rung }: ProcessViews): boolean {
  if (table.ownGroup === null) return false;
  if (rung === 'collector-pod' && table.ownContainer !== null && owner.containerId === table.ownContainer) return true;
  if (stat.pgrp === table.ownGroup) return true;
  return rung === 'local' && table.entries.get(table.ownGroup)?.stat.ppid === stat.pid;
}

function readOf(pid: number, { vanished, reused }: TableRace): ProcessLine['read'] {
  if (reused.has(pid)) return 'reused';
  return vanished.has(pid) ? 'vanished' : 'whole';
}

function unreadOf(entry: ProcessEntry, links: LinksOfProcess | undefined, isBlocked: boolean): string[] {
  const hasNone = entry.stat.isKernelThread || ['Z', 'X', 'x'].includes(entry.stat.state);
  const unread: string[] = [];
  if (!hasNone && (links?.exe ?? null) === null) unread.push('exe');
  if (!hasNone && (links?.root ?? null) === null) unread.push('root');
  if (isBlocked) unread.push('cmdline');
  return unread;
}

function textOrNull(bytes: Buffer | null | undefined): RawText | null {
  return bytes === null || bytes === undefined ? null : rawText(bytes);
}

function commandLine({ commandLines }: ProcessViews, pid: number): ProcessLine['cmdline'] {
  const command = commandLines.byPid.get(pid);
  if (command === undefined) return null;
  return { args: command.args.map((arg) => rawText(arg)), count: command.count, sizeBytes: command.sizeBytes };
}

function linkFields(links: LinksOfProcess | undefined): object {
  if (links === undefined) return { cwd: null, root: null, namespaces: {}, fds: null, deletedFds: [] };
  return {
    cwd: textOrNull(links.cwd),
    root: textOrNull(links.root),
    namespaces: Object.fromEntries(links.namespaces),
    fds: { count: links.fds, sockets: links.sockets },
    deletedFds: links.deletedFds.map(({ fd, target, mode }) => ({ fd, mode, target: rawText(target, 512) })),
  };
}

/** Joins what was seen of one process. Bounded: about 20 KiB at most, whatever the process is called and has open. */
export function processLine(entry: ProcessEntry, views: ProcessViews): ProcessLine {
  const { pid, stat, status, owner } = entry;
  const links = views.links.byPid.get(pid);
  const { path, ...whose } = owner;
  return {
    pid,
    ppid: stat.ppid,
    processGroup: stat.pgrp,
    session: stat.session,
    comm: rawText(stat.comm),
    state: stat.state,
    threads: stat.threads,
    kernelThread: stat.isKernelThread,
    startTicks: stat.startTicks,
    startedAt: startedAt(stat, views.table.clock),
    read: readOf(pid, views.race),
    unread: unreadOf(entry, links, views.commandLines.blocked.has(pid)),
    own: isOwn(entry, views),
    ...whose,
    cgroup: rawText(Buffer.from(path, 'latin1')),
    exe: executableLine(links, views.files.get(pid)),
    cmdline: commandLine(views, pid),
    ...status,
    loginUid: entry.loginUid,
    sessionId: entry.sessionId,
    oomScoreAdjust: entry.oomScoreAdjust,
    securityLabel: entry.securityLabel.length === 0 ? null : rawText(entry.securityLabel, 256),
    uidMap: entry.uidMap.trim().split(/\s+/).join(' '),
    gidMap: entry.gidMap.trim().split(/\s+/).join(' '),
    ...linkFields(links),
  };
}
