import { escapeForTerminal } from '../../lib/terminal-escape.js';
import type { CollectContext, CollectResult } from '../../ports/collector.js';
import { urlPart } from '../segments.js';
import { refusalMessage } from '../refusal.js';
import type { PlannedGroup } from './planned-list.js';

/**
 * The outcome of a group whose discovery failed before. It is asked for once more, so that the gap carries the status of this run;
 * its resources are not read: which there are is not known when the targets are frozen. Throws as the reader does.
 */
export async function readGroup(planned: PlannedGroup, context: CollectContext): Promise<CollectResult> {
  const path = `/apis/${urlPart(planned.group)}`;
  const answer = await context.cluster.get({ path, kind: 'small', attempts: 1, signal: context.signal });
  const then = escapeForTerminal(planned.reason, 300);
  const now = answer.status === 200 ? 'It answers now; collect again.' : refusalMessage(answer.body);
  const proof = { status: answer.status };
  if (answer.status === 404) return { outcome: 'absent', reason: 'not-served', detail: then, proof };
  return { outcome: 'failed', reason: 'group-unreachable', detail: `${then} ${now}`.trim(), proof, attempts: answer.attempts };
}
