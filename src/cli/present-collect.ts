import { escapeForTerminal } from '../lib/terminal-escape.js';
import type { CollectSummary } from '../workflows/collect-summary.js';
import type { CollectionPlan } from '../workflows/plan-collection.js';
import { renderBytes } from './quantities.js';
import { renderFacts, renderTable } from './table.js';

const SHOWN_GAPS = 10;

/** The result of a collection for people; ends with the next command. */
export function presentCollect(summary: CollectSummary): string {
  const counts = Object.entries(summary.outcomes)
    .filter(([, count]) => count > 0)
    .map(([outcome, count]) => `${String(count)} ${outcome}`);
  const facts = renderFacts([
    ['case', summary.caseId],
    ['exhibit', `${summary.exhibitId} (open, ${summary.completeness})`],
    ['artifacts', `${String(summary.planned)} planned: ${counts.join(', ')}`],
    ['payload', `${String(summary.items)} files, ${renderBytes(summary.payloadBytes)}`],
    ['already held', summary.already === 0 ? null : `${String(summary.already)} artifacts, not read again`],
  ]);
  return [facts, ...presentGaps(summary), '', 'Next: exhibit seal'].join('\n');
}

function presentGaps({ gaps, gapsTotal }: CollectSummary): string[] {
  if (gapsTotal === 0) return [];
  const shown = gaps.slice(0, SHOWN_GAPS);
  const lines = shown.map(({ artifact, outcome, reason, detail }) =>
    escapeForTerminal(`  ${outcome}: ${artifact}: ${reason}${detail === '' ? '' : ` (${detail})`}`, 300),
  );
  const more = gapsTotal - shown.length;
  return ['', `Gaps: ${String(gapsTotal)}`, ...lines, ...(more > 0 ? [`  and ${String(more)} more`] : [])];
}

function presentRights(plan: CollectionPlan): string[] {
  const missing = plan.rights.filter(({ allowed }) => allowed !== true);
  if (missing.length === 0) return ['', `Rights: all ${String(plan.rights.length)} that are needed are granted`];
  const rows = missing.map(({ verb, resource, allowed, why }) => [
    allowed === null ? 'unknown' : 'MISSING',
    verb,
    resource,
    why,
  ]);
  return ['', 'Rights that are missing:', renderTable(['state', 'verb', 'resource', 'why'], rows)];
}

/** The plan screen: what, in which order, at what cost, with which rights, and what was not asked for. */
export function presentPlan(plan: CollectionPlan): string {
  const namespaces = plan.namespaces === 'all' ? 'all' : plan.namespaces.join(', ');
  const facts = renderFacts([
    ['server', plan.server],
    ['identity', plan.identity ?? 'not learned'],
    ['nodes', plan.nodes.join(', ')],
    ['namespaces', namespaces],
    ['pods', String(plan.pods)],
    [
      'artifacts',
      `${String(plan.artifacts)} in at least ${String(plan.requests)} requests; bytes are not known before they are read`,
    ],
    [
      'beyond authority',
      plan.excludedByAuthority === 0 ? null : `${String(plan.excludedByAuthority)} pods are left out`,
    ],
    ['footprint', plan.footprint],
  ]);
  const steps = plan.steps.map(({ tier, collector, artifacts, requests }) => [
    tier,
    collector,
    String(artifacts),
    String(requests),
  ]);
  const lists = [
    ...plan.notAskedFor.map((id) => `  not asked for: ${escapeForTerminal(id)} (--kubelet)`),
    ...plan.incomplete.map((text) => `  cannot be planned: ${escapeForTerminal(text)}`),
  ];
  return [
    facts,
    '',
    renderTable(['tier', 'collector', 'artifacts', 'requests'], steps),
    ...presentRights(plan),
    ...(lists.length === 0 ? [] : ['', ...lists]),
  ].join('\n');
}
