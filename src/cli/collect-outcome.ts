import type { z } from 'zod';
import type { CollectSummary } from '../workflows/collect-summary.js';
import type { Context } from './context.js';
import { roleForDenied } from './denied.js';
import { gapNotice } from './gap-notice.js';
import { nextSeal } from './next-seal.js';
import type { CommandOutcome } from './outcome.js';
import { presentCollect } from './present-collect.js';
import type { collectResult } from './results/archive-results.js';

/** What `collect` and `resume` print and how they end. */
export async function collectOutcome(
  context: Context,
  summary: CollectSummary,
): Promise<CommandOutcome<z.infer<typeof collectResult>>> {
  const next = await nextSeal(context);
  const text = presentCollect(summary, next.join(', then '));
  if (summary.completeness === 'complete') return { result: summary, text };
  const { outcomes, gapsTotal } = summary;
  const role = roleForDenied(summary);
  const hints = role === null ? next : [`kubectl apply -f ${role}`, ...next, 'exhibit collect'];
  return { result: summary, text, notice: gapNotice({ outcomes, gapsTotal, hints }) };
}
