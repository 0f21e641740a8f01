import type { PolicyResources, PolicyRule } from '../../../model/audit-policy.js';

const isWithin = (part: readonly string[], whole: readonly string[]): boolean =>
  whole.length === 0 || (part.length > 0 && part.every((one) => whole.includes(one)));

function patternCovers(wide: string, narrow: string): boolean {
  if (wide === '*' || wide === narrow) return true;
  const slash = narrow.indexOf('/');
  const resource = slash < 0 ? narrow : narrow.slice(0, slash);
  if (wide === `${resource}/*`) return resource !== '*';
  return slash >= 0 && narrow !== `${resource}/*` && wide === `*${narrow.slice(slash)}`;
}

function listCovers(wide: PolicyResources, narrow: PolicyResources): boolean {
  if (wide.group !== narrow.group) return false;
  if (wide.resources.length === 0) return true;
  if (!isWithin(narrow.resources.length === 0 ? [] : narrow.resourceNames, wide.resourceNames)) return false;
  if (narrow.resources.length === 0) return wide.resources.includes('*');
  return narrow.resources.every((one) => wide.resources.some((pattern) => patternCovers(pattern, one)));
}

function pathCovers(wide: string, narrow: string): boolean {
  if (wide === '*' || wide === narrow) return true;
  return wide.endsWith('*') && narrow !== '*' && narrow.startsWith(wide.slice(0, -1));
}

function scopeCovers(wide: PolicyRule, narrow: PolicyRule): boolean {
  const isAboutResources = ({ namespaces, resources }: PolicyRule): boolean =>
    namespaces.length > 0 || resources.length > 0;
  if (isAboutResources(wide)) {
    if (!isAboutResources(narrow) || !isWithin(narrow.namespaces, wide.namespaces)) return false;
    if (wide.resources.length === 0) return true;
    return (
      narrow.resources.length > 0 &&
      narrow.resources.every((one) => wide.resources.some((list) => listCovers(list, one)))
    );
  }
  if (wide.nonResourceURLs.length === 0) return true;
  const paths = narrow.nonResourceURLs;
  return paths.length > 0 && paths.every((one) => wide.nonResourceURLs.some((pattern) => pathCovers(pattern, one)));
}

/** Whether every request that the second rule matches is matched by the first. `false` may also mean that it takes several rules together. */
export function ruleCovers(wide: PolicyRule, narrow: PolicyRule): boolean {
  return (
    isWithin(narrow.users, wide.users) &&
    isWithin(narrow.userGroups, wide.userGroups) &&
    isWithin(narrow.verbs, wide.verbs) &&
    scopeCovers(wide, narrow)
  );
}
