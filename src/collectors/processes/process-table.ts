import { cgroupOwner, type CgroupOwner } from '../cgroup-container.js';
import { GrepRecords, type GrepRecord } from '../grep-records.js';
import { parseStat, type ProcessStat } from './parse-stat.js';
import { parseStatus, type ProcessStatus } from './parse-status.js';

/** A table beyond this is kept raw only. */
export const MAX_PROCESSES = 65_536;
const MAX_LINES = 512;
const MAX_LINE_BYTES = 8192;

/** What the plain files of one process said. */
export interface ProcessEntry {
  readonly pid: number;
  readonly stat: ProcessStat;
  /** It began at another time when it was read last: another process has the number now. */
  readonly isReused: boolean;
  /** It was gone before its last file was read. */
  readonly isVanished: boolean;
  readonly status: ProcessStatus;
  readonly owner: CgroupOwner;
  /** 4294967295 = nobody logged in. */
  readonly loginUid: number | null;
  readonly sessionId: number | null;
  readonly oomScoreAdjust: number | null;
  readonly securityLabel: Buffer;
  readonly uidMap: string;
  readonly gidMap: string;
}

export interface TableClock {
  readonly ticksPerSecond: number;
  /** Epoch seconds; `null` = the kernel did not say. */
  readonly bootedAt: number | null;
}

/** Files of one process while its records go by. */
class OpenProcess {
  readonly files = new Map<string, Buffer[]>();
  firstStat: Buffer[] | null = null;
  last = '';

  take(file: string, content: Buffer): void {
    if (file !== this.last && file === 'stat') {
      this.firstStat ??= this.files.get('stat') ?? null;
      this.files.delete('stat');
    }
    this.last = file;
    const lines = this.files.get(file) ?? [];
    this.files.set(file, lines);
    if (lines.length < MAX_LINES) lines.push(Buffer.from(content.subarray(0, MAX_LINE_BYTES)));
  }

  text(file: string): string {
    return this.lines(file).join('\n');
  }

  lines(file: string): string[] {
    return (this.files.get(file) ?? []).map((line) => line.toString('latin1'));
  }

  number(file: string): number | null {
    const text = this.text(file).trim();
    return /^-?\d{1,12}$/.test(text) ? Number(text) : null;
  }
}

const LF = Buffer.from('\n');

function joined(lines: readonly Buffer[]): Buffer {
  return Buffer.concat(lines.flatMap((line, index) => (index === 0 ? [line] : [LF, line])));
}

function entryOf(open: OpenProcess): ProcessEntry | null {
  const last = open.files.get('stat');
  const first = open.firstStat ?? last;
  const stat = first === undefined ? null : parseStat(joined(first));
  if (stat === null) return null;
  const again = open.firstStat === null || last === undefined ? null : parseStat(joined(last));
  return {
    pid: stat.pid,
    stat,
    isReused: again !== null && again.startTicks !== stat.startTicks,
    isVanished: again === null,
    status: parseStatus(open.lines('status')),
    owner: cgroupOwner(open.text('cgroup')),
    loginUid: open.number('loginuid'),
    sessionId: open.number('sessionid'),
    oomScoreAdjust: open.number('oom_score_adj'),
    securityLabel: joined(open.files.get('attr/current') ?? []),
    uidMap: open.text('uid_map').slice(0, 400),
    gidMap: open.text('gid_map').slice(0, 400),
  };
}

/** Reads the stream of the status script as it goes by. */
export class ProcessTable {
  readonly entries = new Map<number, ProcessEntry>();
  /** Numbers in the listing. */
  readonly listed = new Set<number>();
  /** There were more processes than are kept. */
  isFull = false;
  /** Of the reader itself: its process group and control groups. */
  ownGroup: number | null = null;
  ownContainer: string | null = null;
  readonly #records = new GrepRecords('LF', (record) => {
    this.#take(record);
  });
  readonly #general = new Map<string, string[]>();
  #open: OpenProcess | null = null;
  #pid = '';

  feed(chunk: Buffer): void {
    this.#records.feed(chunk);
  }

  end(): void {
    this.#finish();
    this.ownContainer = cgroupOwner((this.#general.get('self/cgroup') ?? []).join('\n')).containerId;
    const self = parseStat(Buffer.from((this.#general.get('self/stat') ?? []).join('\n'), 'latin1'));
    this.ownGroup = self?.pgrp ?? null;
  }

  get clock(): TableClock {
    const ticks = Number(this.#general.get('clock-ticks')?.[0]);
    const boot = this.#general.get('stat')?.find((line) => line.startsWith('btime '));
    const bootedAt = Number(boot?.slice('btime '.length));
    return {
      ticksPerSecond: Number.isSafeInteger(ticks) && ticks > 0 ? ticks : 100,
      bootedAt: Number.isSafeInteger(bootedAt) && bootedAt > 0 && bootedAt < 1e11 ? bootedAt : null,
    };
  }

  #take({ name, content }: GrepRecord): void {
    const slash = name.indexOf('/');
    const pid = name.slice(0, slash);
    if (slash === -1 || !/^\d{1,10}$/.test(pid)) {
      this.#takeGeneral(name, content);
      return;
    }
    if (pid !== this.#pid) this.#finish();
    this.#pid = pid;
    this.#open ??= new OpenProcess();
    this.#open.take(name.slice(slash + 1), content);
  }

  #takeGeneral(name: string, content: Buffer): void {
    if (name === 'listed') {
      const pid = Number(content.toString('latin1'));
      if (Number.isSafeInteger(pid) && pid > 0) this.listed.add(pid);
      return;
    }
    const lines = this.#general.get(name) ?? [];
    if (lines.length < MAX_LINES && this.#general.size < 32) {
      lines.push(content.toString('latin1', 0, MAX_LINE_BYTES));
      this.#general.set(name, lines);
    }
  }

  #finish(): void {
    const entry = this.#open === null ? null : entryOf(this.#open);
    this.#open = null;
    this.#pid = '';
    if (entry === null) return;
    if (this.entries.size < MAX_PROCESSES) this.entries.set(entry.pid, entry);
    else this.isFull = true;
  }
}
