import type { VerifyReport } from '../model/verdict.js';

/** How many gaps the ledger of an archive has, as its report says in the line for people; the report has no number of its own. */
export function gapsOf({ completeness, line }: Pick<VerifyReport, 'completeness' | 'line'>): number {
  return completeness === 'complete' ? 0 : Number(/\((\d+) gaps? in the ledger\)/.exec(line)?.[1] ?? 0);
}
