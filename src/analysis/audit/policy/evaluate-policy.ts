import type {
  AuditLevel,
  AuditPolicy,
  AuditStage,
  PolicyResources,
  PolicyRule,
  RequestAttributes,
} from '../../../model/audit-policy.js';

type ResourceAttributes = NonNullable<RequestAttributes['resource']>;

const says = (list: readonly string[], value: string): boolean => list.length === 0 || list.includes(value);

/** `pods` is not its subresources; `pods/*` is the resource with all of them; a leading or lone asterisk stands for any resource. */
function isNamed(pattern: string, { resource, subresource }: ResourceAttributes): boolean {
  if (pattern === '*') return true;
  if (pattern === (subresource === '' ? resource : `${resource}/${subresource}`)) return true;
  if (subresource !== '' && pattern === `*/${subresource}`) return true;
  return pattern === `${resource}/*`;
}

function isListed(list: PolicyResources, attributes: ResourceAttributes): boolean {
  if (list.group !== attributes.group) return false;
  // Names alone say nothing where no resource is named.
  if (list.resources.length === 0) return true;
  return says(list.resourceNames, attributes.name) && list.resources.some((pattern) => isNamed(pattern, attributes));
}

function isPath(pattern: string, path: string): boolean {
  if (pattern === '*' || pattern === path) return true;
  return pattern.endsWith('*') && path.startsWith(pattern.replace(/\*+$/, ''));
}

/** Whether everything that the rule says of requests is so, but for their namespace. */
function matchesAnywhere(rule: PolicyRule, { user, groups, verb, resource, path }: RequestAttributes): boolean {
  if (!says(rule.users, user) || !says(rule.verbs, verb)) return false;
  if (rule.userGroups.length > 0 && !rule.userGroups.some((group) => groups.includes(group))) return false;
  if (rule.namespaces.length > 0 || rule.resources.length > 0) {
    if (resource === null) return false;
    return rule.resources.length === 0 || rule.resources.some((list) => isListed(list, resource));
  }
  if (rule.nonResourceURLs.length === 0) return true;
  return resource === null && rule.nonResourceURLs.some((pattern) => isPath(pattern, path));
}

/** Whether everything that the rule says of requests is so. */
export function ruleMatches(rule: PolicyRule, attributes: RequestAttributes): boolean {
  return says(rule.namespaces, attributes.resource?.namespace ?? '') && matchesAnywhere(rule, attributes);
}

/** What becomes of a request. `rule` counts from 0; `null` = none matched, which is as the level `None`. */
export interface PolicyDecision {
  readonly level: AuditLevel;
  readonly omitStages: readonly AuditStage[];
  readonly rule: number | null;
}

function decisionOf({ rules, omitStages }: AuditPolicy, at: number): PolicyDecision {
  const rule = rules[at];
  if (rule === undefined) return { level: 'None', omitStages, rule: null };
  return { level: rule.level, omitStages: [...new Set([...omitStages, ...rule.omitStages])], rule: at };
}

/** The first rule that matches decides; stages are left out that it or the whole policy names (apiserver, audit/policy/checker.go). */
export function evaluatePolicy(policy: AuditPolicy, attributes: RequestAttributes): PolicyDecision {
  return decisionOf(
    policy,
    policy.rules.findIndex((rule) => ruleMatches(rule, attributes)),
  );
}

/**
 * The same for a request about a resource in each of the namespaces, whatever namespace `attributes` have, by one pass over the rules: its
 * time does not grow with rules times namespaces.
 */
export function evaluateInNamespaces(
  policy: AuditPolicy,
  attributes: RequestAttributes,
  namespaces: readonly string[],
): ReadonlyMap<string, PolicyDecision> {
  const decided = new Map<string, PolicyDecision>();
  const open = new Set(namespaces);
  for (const [at, rule] of policy.rules.entries()) {
    if (open.size === 0) break;
    if (!matchesAnywhere(rule, attributes)) continue;
    for (const one of rule.namespaces.length === 0 ? [...open] : rule.namespaces)
      if (open.delete(one)) decided.set(one, decisionOf(policy, at));
  }
  for (const one of open) decided.set(one, decisionOf(policy, -1));
  return decided;
}
