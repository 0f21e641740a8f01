import type { JSONType, z } from 'zod';
import { ExhibitError } from '../model/errors.js';
import { subjectName } from '../model/action.js';
import type { ReleaseSummary } from '../workflows/release.js';
import { presentReports, reportOf, stepOf, viewText } from './present-containment.js';
import type { releaseResult } from './results/containment-results.js';
import { renderFacts, renderTable } from './table.js';

type Result = z.infer<typeof releaseResult>;

export function releaseDocument(caseId: string, { exhibitId, plans }: ReleaseSummary): Result {
  return {
    case: caseId,
    exhibitId,
    verdict: plans.some(({ remaining }) => remaining.length > 0) ? 'remaining' : 'released',
    plans: plans.map(({ plan, target, steps, comparison, remaining, warnings }) => ({
      ...{ plan, target, remaining, warnings },
      steps: steps.map(reportOf),
      comparison: comparison.map(({ planned, state, now }) => ({ ...stepOf(planned), state, now: now as JSONType })),
    })),
  };
}

function presentPlan({ plan, target, steps, comparison, remaining, warnings }: Result['plans'][number]): string {
  const facts = renderFacts([
    ['plan', `${plan}, ${target.name}`],
    ['remaining', remaining.length === 0 ? 'nothing' : `steps ${remaining.join(', ')}`],
    ['more open', warnings.length === 0 ? null : warnings],
  ]);
  const differing = comparison.filter(({ state }) => state !== 'as-before');
  const rows = differing.map((one) => [
    ...[String(one.step), one.name, subjectName(one.subject), one.state],
    ...[viewText(one.before), viewText(one.intended), viewText(one.now)],
  ]);
  const headings = ['step', 'what', 'object', 'compared', 'before', 'ours', 'now'];
  const compared = rows.length === 0 ? 'Everything is as it was before.' : renderTable(headings, rows);
  return [facts, presentReports(steps), compared].join('\n\n');
}

export function presentRelease({ plans }: Result): string {
  return plans.map(presentPlan).join('\n\n');
}

/** What stderr says when something is still there; `null` when nothing is. */
export function releaseNotice({ plans }: Result): ExhibitError | null {
  const open = plans.filter(({ remaining }) => remaining.length > 0);
  if (open.length === 0) return null;
  const names = open.map(({ plan, remaining }) => `steps ${remaining.join(', ')} of plan ${plan}`).join('; ');
  const [first] = open;
  const force = first === undefined ? '' : ` --plan ${first.plan} --force-step ${String(first.remaining[0] ?? 1)}`;
  return new ExhibitError('RELEASE_INCOMPLETE', `still there: ${names}`, {
    hints: ['exhibit release', `exhibit release${force}`],
    safe: 'What was taken back stays so; the journal shows what remains.',
  });
}
