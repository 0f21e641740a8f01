/** PF_KTHREAD of linux/sched.h. */
const KERNEL_THREAD = 0x00200000n;

/** `/proc/<pid>/stat`, as far as it is of use. `startTicks` since boot, in clock ticks. */
export interface ProcessStat {
  readonly pid: number;
  /** At most 15 bytes, chosen by the process. */
  readonly comm: Buffer;
  readonly state: string;
  readonly ppid: number;
  readonly pgrp: number;
  readonly session: number;
  readonly isKernelThread: boolean;
  readonly threads: number;
  readonly startTicks: number;
}

const INTEGER = /^-?\d{1,20}$/;

/** `null` when it is no such line. The name may hold anything, line ends and `) R 1` included: the last bracket ends it. */
export function parseStat(line: Buffer): ProcessStat | null {
  const open = line.indexOf(0x28);
  const close = line.lastIndexOf(0x29);
  if (open < 2 || close < open) return null;
  const pid = Number(line.toString('latin1', 0, open - 1));
  const [state = '', ...rest] = line
    .toString('latin1', close + 1)
    .trim()
    .split(' ');
  const field = (index: number): number => (INTEGER.test(rest[index] ?? '') ? Number(rest[index]) : Number.NaN);
  const [ppid, pgrp, session, threads, startTicks] = [field(0), field(1), field(2), field(16), field(18)];
  const flags = rest[5] ?? '';
  const numbers = [pid, ppid, pgrp, session, threads, startTicks];
  if (!/^[A-Za-z]$/.test(state) || !/^\d{1,10}$/.test(flags) || !numbers.every(Number.isSafeInteger)) return null;
  const isKernelThread = (BigInt(flags) & KERNEL_THREAD) !== 0n;
  const comm = Buffer.from(line.subarray(open + 1, close));
  return { pid, comm, state, ppid, pgrp, session, isKernelThread, threads, startTicks };
}
