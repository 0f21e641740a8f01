import { type AuditLevel, type AuditPolicy, isAtLeast } from '../../model/audit-policy.js';
import type { Detection } from './detection.js';
import { evaluateInNamespaces, evaluatePolicy, type PolicyDecision } from './policy/evaluate-policy.js';
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

const ORDER = ['nothing', 'part', 'whole'] as const;

/** `update configmaps kube-system/coredns by a person` */
function exampleOf({ actor, attributes: { verb, resource, path } }: TriggerRequest, namespace: string): string {
  const by = actor === 'anonymous' ? 'without a login' : `by a ${actor}`;
  if (resource === null) return `${verb} ${path} ${by}`;
  const { group, subresource, name } = resource;
  const kind = `${resource.resource}${subresource === '' ? '' : `/${subresource}`}${group === '' ? '' : `.${group}`}`;
  const where = [namespace, name].filter((part) => part !== '').join('/');
  return [verb, kind, where, by].filter((part) => part !== '').join(' ');
}

/** Requests of which an event is made when the answer begins: those that the server takes for long-running. */
const isLong = ({ verb, resource }: TriggerRequest['attributes']): boolean =>
  verb === 'watch' || ['attach', 'exec', 'log', 'portforward', 'proxy'].includes(resource?.subresource ?? '');

/** An event that is made before the end of the answer has no bodies, and does not say how it ended. */
function seenOf({ trigger, attributes }: TriggerRequest, { level, omitStages }: PolicyDecision): Deciding['seen'] {
  const { needs, whole = needs } = trigger;
  if (!isAtLeast(level, needs)) return 'nothing';
  if (!omitStages.includes('ResponseComplete')) return isAtLeast(level, whole) ? 'whole' : 'part';
  const isBegun =
    !omitStages.includes('RequestReceived') || (isLong(attributes) && !omitStages.includes('ResponseStarted'));
  return isBegun && needs === 'Metadata' ? 'part' : 'nothing';
}

/** One namespace for all that the same rules name: the others are decided alike. */
function namedNamespaces({ rules }: AuditPolicy): readonly string[] {
  const namedBy = new Map<string, number[]>();
  for (const [at, { namespaces }] of rules.entries())
    for (const name of new Set(namespaces)) {
      const by = namedBy.get(name) ?? [];
      by.push(at);
      namedBy.set(name, by);
    }
  const alike = new Map<string, string>();
  for (const [name, by] of namedBy) if (name !== '' && !alike.has(by.join())) alike.set(by.join(), name);
  return [...alike.values()];
}

/** What the policy decides in each of the namespaces of a request. */
function decisionsOf(policy: AuditPolicy, request: TriggerRequest): readonly (readonly [string, PolicyDecision])[] {
  const { attributes, namespaces } = request;
  if (attributes.resource === null) return [['', evaluatePolicy(policy, attributes)]];
  const decided = evaluateInNamespaces(policy, attributes, namespaces);
  return [...new Set(namespaces)].flatMap((one) => {
    const decision = decided.get(one);
    return decision === undefined ? [] : [[one, decision] as const];
  });
}

/** Judges detections by a policy: tries every kind of request by which they could fire. */
export function detectionJudge(policy: AuditPolicy): (detection: Detection) => JudgedDetection {
  const named = namedNamespaces(policy);
  return (detection) => judged(policy, detection, named);
}

function placeOf({ rules }: AuditPolicy, rule: number | null): Pick<Deciding, 'rule' | 'line'> {
  return rule === null ? { rule, line: null } : { rule: rule + 1, line: rules[rule]?.line ?? null };
}

function judged(policy: AuditPolicy, detection: Detection, named: readonly string[]): JudgedDetection {
  const groups = new Map<string, Deciding>();
  for (const request of detection.triggers.flatMap((trigger) => requestsOf(trigger, named)))
    for (const [namespace, decision] of decisionsOf(policy, request)) {
      const { level, rule } = decision;
      const seen = seenOf(request, decision);
      const key = `${String(rule)} ${seen}`;
      const known = groups.get(key);
      const example = known?.example ?? exampleOf(request, namespace);
      groups.set(key, { ...placeOf(policy, rule), level, requests: (known?.requests ?? 0) + 1, seen, example });
    }
  const decidedBy = [...groups.values()].sort((a, b) => ORDER.indexOf(a.seen) - ORDER.indexOf(b.seen));
  const is = (seen: Deciding['seen']): boolean => decidedBy.every((one) => one.seen === seen);
  return { detection, feasibility: is('whole') ? 'can-fire' : is('nothing') ? 'blind' : 'degraded', decidedBy };
}
