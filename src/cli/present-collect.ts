import { escapeForTerminal } from '../lib/terminal-escape.js';
import type { CollectSummary } from '../workflows/collect-summary.js';
import type { Volatility } from '../model/artifact.js';
import type { CollectionPlan } from '../workflows/plan-collection.js';
import type { ScopeRequest } from '../workflows/targets/scope-request.js';
import { presentDenied } from './denied.js';
import { notRequiredText } from './not-obtained.js';
import { renderBytes } from './quantities.js';
import { renderFacts, renderTable } from './table.js';

const SHOWN_GAPS = 10;

/** The result of a collection for people; ends with the next command. */
export function presentCollect(summary: CollectSummary, next: string): string {
  const counts = Object.entries(summary.outcomes)
    .filter(([, count]) => count > 0)
    .map(([outcome, count]) => `${String(count)} ${outcome}`);
  const facts = renderFacts([
    ['case', summary.caseId],
    ['exhibit', `${summary.exhibitId} (open, ${summary.completeness})`],
    ['artifacts', `${String(summary.planned)} planned: ${counts.join(', ')}`],
    ['not required', notRequiredText(summary.outcomes, summary.gapsTotal)],
    ['payload', `${String(summary.items)} files, ${renderBytes(summary.payloadBytes)}`],
    ['already held', summary.already === 0 ? null : `${String(summary.already)} artifacts, not read again`],
  ]);
  return [facts, ...presentGaps(summary), ...presentDenied(summary), '', `Next: ${next}`].join('\n');
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
  if (plan.server === null) return [];
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

/** What a tier means: the order of volatility. */
const TIERS: Readonly<Record<Volatility, string>> = {
  V0: 'lost within minutes: objects, events, logs of containers that restarted',
  V1: 'lost with a restart: what runs on the nodes now',
  V2: 'lost with a restart: memory',
  V3: 'lost with a restart: state of the kernel',
  V4: 'lost with rotation or deletion: logs and writable layers',
  V5: 'stays with the disk',
  V6: 'stays elsewhere: images, registries, audit trails',
};

function presentTiers({ steps }: CollectionPlan): string[] {
  const tiers = [...new Set(steps.map(({ tier }) => tier))];
  return tiers.length === 0 ? [] : ['', 'Read in this order:', ...tiers.map((tier) => `  ${tier}  ${TIERS[tier]}`)];
}

/** What the selection brought with it that nobody named. */
function widened(plan: CollectionPlan, scope: ScopeRequest): readonly string[] {
  if (scope.all || plan.namespaces === 'all') return [];
  const named = new Set([...scope.namespaces, ...scope.pods.map((pod) => pod.split('/')[0] ?? '')]);
  const more = plan.namespaces.filter((name) => !named.has(name) && name !== 'kube-system');
  const nodes = plan.nodes.filter((name) => !scope.nodes.includes(name));
  return [
    ...(nodes.length === 0 ? [] : [`${moreOf(nodes.length, 'node')}, because a pod that was named runs there`]),
    ...(more.length === 0 ? [] : [`${moreOf(more.length, 'namespace')}, because pods of theirs run on the same node`]),
    ...(plan.namespaces.includes('kube-system') && !named.has('kube-system')
      ? ['kube-system, always: it stands for the cluster']
      : []),
  ];
}

function moreOf(number: number, noun: string): string {
  return `${String(number)} more ${noun}${number === 1 ? '' : 's'}`;
}

/** Which flag brings them in differs from collector to collector; without a cluster none does. */
function howToAsk({ server }: CollectionPlan): string {
  return server === null ? ' (needs a cluster)' : ' (--kubelet, --node-access)';
}

function identityText({ server, identity }: CollectionPlan): string | null {
  return server === null ? null : (identity ?? 'not learned');
}

function namespacesText({ server, namespaces }: CollectionPlan): string | null {
  if (server === null) return null;
  return namespaces === 'all' ? 'all' : namespaces.join(', ') || 'none';
}

function artifactsText({ server, artifacts, requests }: CollectionPlan): string {
  const calls = server === null ? '' : ` in at least ${String(requests)} requests`;
  return `${String(artifacts)}${calls}; bytes are not known before they are read`;
}

function presentWays({ nodeAccess }: CollectionPlan): string[] {
  if (nodeAccess.length === 0) return [];
  const ways = nodeAccess.flatMap(({ way, makes, needs }, index) => [
    `  ${String(index + 1)}. ${way}`,
    `     makes: ${makes}`,
    `     needs: ${needs}`,
  ]);
  return ['', 'Ways to the nodes, the first that is open is taken:', ...ways];
}

/** The plan screen: what, in which order, at what cost, with which rights, and what was not asked for. */
export function presentPlan(plan: CollectionPlan, scope: ScopeRequest): string {
  const facts = renderFacts([
    ['server', plan.server ?? 'no cluster is asked'],
    ['identity', identityText(plan)],
    ['nodes', plan.nodes.length === 0 ? 'none' : plan.nodes.join(', ')],
    ['namespaces', namespacesText(plan)],
    ['also taken', widened(plan, scope).length === 0 ? null : widened(plan, scope)],
    ['pods', plan.server === null ? null : String(plan.pods)],
    ['artifacts', artifactsText(plan)],
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
    ...plan.notAskedFor.map((id) => `  not asked for: ${escapeForTerminal(id)}${howToAsk(plan)}`),
    ...plan.incomplete.map((text) => `  cannot be planned: ${escapeForTerminal(text)}`),
  ];
  return [
    facts,
    '',
    renderTable(['tier', 'collector', 'artifacts', 'requests'], steps),
    ...presentTiers(plan),
    ...presentWays(plan),
    ...presentRights(plan),
    ...(lists.length === 0 ? [] : ['', ...lists]),
  ].join('\n');
}
