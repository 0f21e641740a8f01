import { escapeForTerminal } from '../lib/terminal-escape.js';
import type { CollectSummary } from '../workflows/collect-summary.js';

const MAX_GROUPS = 10;

type Gaps = Pick<CollectSummary, 'gaps'>;

/** What the API server says was refused: `list configmaps`; untrusted text. */
function rightOf(detail: string): string {
  const [, verb, resource, group] = /cannot (\w+) resource "([^"]+)"(?: in API group "([^"]*)")?/.exec(detail) ?? [];
  if (verb === undefined || resource === undefined) return 'a right that the server did not name';
  return `${verb} ${resource}${group === undefined || group === '' ? '' : `.${group}`}`;
}

/** Refused by the API server, which a role mends; what a node or its kernel refused, no role does. */
const BY_THE_API: ReadonlySet<string> = new Set(['forbidden', 'unauthenticated']);

/** Denied artifacts of the gaps that are listed, by the right that is missing, most first. */
function deniedRights({ gaps }: Gaps): readonly (readonly [string, number])[] {
  const counts = new Map<string, number>();
  for (const { outcome, reason, detail } of gaps) {
    if (outcome !== 'denied' || !BY_THE_API.has(reason)) continue;
    const right = rightOf(detail);
    counts.set(right, (counts.get(right) ?? 0) + 1);
  }
  return [...counts].sort(([a, countA], [b, countB]) => countB - countA || (a < b ? -1 : 1));
}

/** Artifacts of the gaps that are listed that a node refused, or to which no way led. */
function deniedByNodes({ gaps }: Gaps): number {
  return gaps.filter(({ outcome, reason }) => outcome === 'denied' && !BY_THE_API.has(reason)).length;
}

/** The role to grant: `null` when the API server refused nothing. */
export function roleForDenied(summary: Gaps): string | null {
  const rights = deniedRights(summary);
  if (rights.length === 0) return null;
  const kubelet = rights.every(([right]) => right.includes('nodes/proxy'));
  return `templates/rbac/${kubelet ? 'collector-kubelet' : 'collector-readonly'}.yaml`;
}

/**
 * Lines on what was denied and what to do. A second collection into the same exhibit does not read again what has its outcome, so the
 * next exhibit of the case takes it.
 */
export function presentDenied(summary: Gaps & { readonly outcomes: { readonly denied: number } }): string[] {
  const rights = deniedRights(summary);
  const nodes = deniedByNodes(summary);
  if (rights.length + nodes === 0) return [];
  const lines = rights
    .slice(0, MAX_GROUPS)
    .map(([right, count]) => `  ${escapeForTerminal(right, 200)}: ${String(count)}`);
  const more = rights.length - lines.length;
  const role = roleForDenied(summary);
  return [
    '',
    `Denied: ${String(summary.outcomes.denied)}`,
    ...lines,
    ...(more > 0 ? [`  and ${String(more)} more`] : []),
    ...(nodes === 0
      ? []
      : [`  on nodes: ${String(nodes)}; read as root, with --ssh-sudo, or by another --node-access`]),
    ...(role === null ? [] : [`  Somebody with administrator rights grants them: kubectl apply -f ${role}`]),
    '  Then collect again: exhibit seal, and exhibit collect into the next exhibit of the case.',
  ];
}
