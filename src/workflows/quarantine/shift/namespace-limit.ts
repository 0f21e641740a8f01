import { type Authority, NOT_STATED } from '../../../model/case.js';

/** Why the pods of a namespace are left alone; `null` = the authority of the case says nothing of it. */
export function limitOf(authority: Authority, namespace: string): string | null {
  const namespaces = authority === NOT_STATED ? undefined : authority.limits.namespaces;
  return namespaces === undefined || namespaces.includes(namespace)
    ? null
    : 'the authority of the case does not reach to its namespace';
}
