import type { JSONType, z } from 'zod';
import type { CheckRound } from '../workflows/quarantine/verify/containment-check.js';
import type { containmentCheckResult } from './results/containment-check-result.js';

type Check = z.infer<typeof containmentCheckResult>;

/** As the JSON documents have it. */
export function checkOf({ lost, ...round }: CheckRound): Check {
  return { ...round, lost: lost.map((one) => ({ ...one, now: one.now as JSONType })) };
}

function placeText({ who, address, port }: Check['probes'][number]['from']): string {
  return `${who} ${address === '' ? '-' : address} port ${String(port)}`;
}

function probeLine({ kind, from, to, result, detail, at }: Check['probes'][number]): string {
  return `${at} ${kind} from ${placeText(from)} to ${placeText(to)}: ${result}${detail === '' ? '' : ` (${detail})`}`;
}

/** Rows for the terminal: when it was looked at, and each connection that was tried the last time. */
export function presentChecks(checks: readonly Check[]): readonly (readonly [string, readonly string[]])[] {
  const last = checks.at(-1);
  if (last === undefined) return [];
  const times = checks.map(({ afterSeconds, at, lost }) => {
    const held = lost.length === 0 ? 'every step holds' : `${String(lost.length)} steps do not hold`;
    return `${at}, ${String(afterSeconds)} s after the last step: ${held}`;
  });
  const probes = last.probes.map(probeLine);
  return [
    ['looked at', times],
    ['probes of the last look', probes.length === 0 ? ['none'] : probes],
  ];
}
