import type { NodeCommand } from '../ports/node-access.js';

/** Lines `cpu<TAB>some avg10=0.00 ...`, by the shell alone: a node that is short of something is asked for no more processes. */
export const PRESSURE: NodeCommand = {
  name: 'pressure',
  script: `
for what in cpu io memory; do
  [ -r "$PROC/pressure/$what" ] || continue
  while IFS= read -r line; do printf '%s\\t%s\\n' "$what" "$line"; done < "$PROC/pressure/$what"
done
`,
  maxBytes: 4096,
  timeoutMs: 10_000,
};

/**
 * Per cent of the last ten seconds in which a task (`some`) or every task (`full`) waited, from which on a node counts as strained or as
 * in distress. A script of ours waits for the disk as well: its own reading must not be enough to slow it to a crawl.
 */
const THRESHOLDS: Readonly<Record<string, readonly [strained: number, distressed: number]>> = {
  'cpu some': [50, 80],
  'io full': [10, 40],
  'memory full': [5, 20],
};

const STRAINED_SHARE = 0.5;
const DISTRESSED_SHARE = 0.1;

/** What the kernel said of its pressure as the share of the full rate that we take: 1, 0.5 or 0.1. What is no such answer gives 1. */
export function shareUnderPressure(answer: string): number {
  let share = 1;
  for (const [, what = '', kind = '', percent = ''] of answer.matchAll(
    /^(\w+)\t(some|full) avg10=(\d{1,3}\.\d\d)(?= |$)/gm,
  )) {
    const [strained, distressed] = THRESHOLDS[`${what} ${kind}`] ?? [Infinity, Infinity];
    if (Number(percent) >= distressed) share = DISTRESSED_SHARE;
    else if (Number(percent) >= strained) share = Math.min(share, STRAINED_SHARE);
  }
  return share;
}
