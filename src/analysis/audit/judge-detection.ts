import { type AuditLevel, type AuditPolicy, isAtLeast } from '../../model/audit-policy.js';
import type { Detection } from './detection.js';
import { evaluatePolicy } from './policy/evaluate-policy.js';
import { requestsOf, type TriggerRequest } from './trigger-requests.js';

/** `degraded`: some of its requests leave no trace, or what is written does not say everything. */
export type Feasibility = 'can-fire' | 'degraded' | 'blind';

/** What a rule does to requests of a detection. */
export interface Deciding {
  /** From 1; `null` = none matched, so nothing is written. */
  readonly rule: number | null;
  readonly line: number | null;
  readonly level: AuditLevel;
  /** How many of the requests that were tried. */
  readonly requests: number;
  readonly seen: 'whole' | 'part' | 'nothing';
  /** The first of them, for people. */
  readonly example: string;
}

export interface JudgedDetection {
  readonly detection: Detection;
  readonly feasibility: Feasibility;
  /** What takes the most away first. */
  readonly decidedBy: readonly Deciding[];
}

/** More than any policy that was made by hand. */
const MAX_NAMESPACES = 50;
const ORDER = ['nothing', 'part', 'whole'] as const;

/** `update configmaps kube-system/coredns by a person` */
function exampleOf({ actor, attributes: { verb, resource, path } }: TriggerRequest): string {
  const by = actor === 'anonymous' ? 'without a login' : `by a ${actor}`;
  if (resource === null) return `${verb} ${path} ${by}`;
  const { group, subresource, namespace, name } = resource;
  const kind = `${resource.resource}${subresource === '' ? '' : `/${subresource}`}${group === '' ? '' : `.${group}`}`;
  const where = [namespace, name].filter((part) => part !== '').join('/');
  return [verb, kind, where, by].filter((part) => part !== '').join(' ');
}

/** An event that is made only before the answer does not say whether it was allowed. */
function seenOf(request: TriggerRequest, level: AuditLevel, omitted: readonly string[]): Deciding['seen'] {
  const { needs, whole = needs } = request.trigger;
  const isAnswered = !omitted.includes('ResponseComplete');
  const isReceived = !omitted.includes('RequestReceived') || !omitted.includes('ResponseStarted');
  if (!isAtLeast(level, needs) || (!isAnswered && !isReceived)) return 'nothing';
  return isAnswered && isAtLeast(level, whole) ? 'whole' : 'part';
}

/** Tries every kind of request by which a detection could fire against the policy. */
export function judgeDetection(policy: AuditPolicy, detection: Detection): JudgedDetection {
  const named = [...new Set(policy.rules.flatMap(({ namespaces }) => namespaces))]
    .filter((name) => name !== '')
    .slice(0, MAX_NAMESPACES);
  const groups = new Map<string, Deciding>();
  for (const request of detection.triggers.flatMap((trigger) => requestsOf(trigger, named))) {
    const { level, omitStages, rule } = evaluatePolicy(policy, request.attributes);
    const seen = seenOf(request, level, omitStages);
    const key = `${String(rule)} ${seen}`;
    const known = groups.get(key);
    const line = rule === null ? null : (policy.rules[rule]?.line ?? null);
    const example = known?.example ?? exampleOf(request);
    const place = { rule: rule === null ? null : rule + 1, line };
    groups.set(key, { ...place, level, requests: (known?.requests ?? 0) + 1, seen, example });
  }
  const decidedBy = [...groups.values()].sort((a, b) => ORDER.indexOf(a.seen) - ORDER.indexOf(b.seen));
  const is = (seen: Deciding['seen']): boolean => decidedBy.every((one) => one.seen === seen);
  return { detection, feasibility: is('whole') ? 'can-fire' : is('nothing') ? 'blind' : 'degraded', decidedBy };
}
