import type { ClockRecord } from '../model/request.js';

/** Below this nobody's reading of a log goes wrong, and above it somebody's does. */
const TOLERANCE_MS = 5000;

/** What is wrong when another clock contradicts that of the machine that collected; `null` when the interval allows that both are right. */
export function clockAlarm({ source, offsetMinMs, offsetMaxMs }: Omit<ClockRecord, 'at' | 'phase'>): string | null {
  const nearest = offsetMinMs > 0 ? offsetMinMs : Math.min(0, offsetMaxMs);
  if (Math.abs(nearest) <= TOLERANCE_MS) return null;
  const seconds = (Math.abs(nearest) / 1000).toFixed(1);
  return `the clock of ${source} is at least ${seconds} s ${nearest > 0 ? 'ahead of' : 'behind'} that of the machine that collected: one of them is wrong`;
}
