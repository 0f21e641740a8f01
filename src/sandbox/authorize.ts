import type { ApiRequest } from './api-request.js';
import type { Rule, ScenarioIndex } from './scenario.js';
import { type Failure, forbidden, forbiddenPath } from './status-body.js';

export interface ResourceAttributes {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
  readonly name: string;
}

function has(values: readonly string[] | undefined, wanted: string): boolean {
  return values !== undefined && (values.includes('*') || values.includes(wanted));
}

function coversResource(rule: Rule, asked: ResourceAttributes): boolean {
  const { resource, subresource } = asked;
  const named = subresource === '' ? resource : `${resource}/${subresource}`;
  const anyParent = subresource !== '' && rule.resources?.includes(`*/${subresource}`) === true;
  const byName =
    rule.resourceNames === undefined || rule.resourceNames.length === 0 || rule.resourceNames.includes(asked.name);
  return (
    has(rule.verbs, asked.verb) &&
    has(rule.apiGroups, asked.group) &&
    (has(rule.resources, named) || anyParent) &&
    byName
  );
}

/** Whether the recorded rules (those of a SelfSubjectRulesReview) allow it. */
export function allowsResource(rules: ScenarioIndex['rules'], asked: ResourceAttributes): boolean {
  return rules.resourceRules.some((rule) => coversResource(rule, asked));
}

export function allowsPath(rules: ScenarioIndex['rules'], verb: string, path: string): boolean {
  const matches = (url: string): boolean => (url.endsWith('*') ? path.startsWith(url.slice(0, -1)) : path === url);
  return rules.nonResourceRules.some((rule) => has(rule.verbs, verb) && rule.nonResourceURLs?.some(matches) === true);
}

/** The refusal in the real server's words, or `null` when the request is allowed. */
export function authorize(scenario: ScenarioIndex, request: ApiRequest): Failure | null {
  const user = scenario.identity.username;
  const { resource, verb, path } = request;
  if (resource === null) {
    return allowsPath(scenario.rules, verb, path) ? null : forbiddenPath(user, verb, path);
  }
  return allowsResource(scenario.rules, { ...resource, verb }) ? null : forbidden({ ...resource, verb, user });
}

/** Impersonation, which the API server checks as rights on users, groups and the like. */
export function authorizeImpersonation(scenario: ScenarioIndex, asUser: string): Failure | null {
  const asked = { verb: 'impersonate', group: '', resource: 'users', subresource: '', name: asUser, namespace: '' };
  return allowsResource(scenario.rules, asked) ? null : forbidden({ ...asked, user: scenario.identity.username });
}
