import { objectOf, type PlannedStep, subjectName } from '../../model/action.js';
import { type Authority, NOT_STATED } from '../../model/case.js';
import type { Foresight } from './foresee.js';

/** What of a plan is about no namespace, where the authority of the case names some: whoever set the limit may not have thought of it. */
export function foreseeLimits(steps: readonly PlannedStep[], authority: Authority): Foresight {
  const namespaces = authority === NOT_STATED ? undefined : authority.limits.namespaces;
  if (namespaces === undefined) return { sideEffects: [], notAchieved: [] };
  const touched = new Map<string, string[]>();
  for (const step of steps) {
    if ((objectOf(step)?.namespace ?? null) !== null) continue;
    const what = subjectName(step.subject);
    touched.set(what, [...(touched.get(what) ?? []), step.name]);
  }
  const of = namespaces.join(', ');
  const sideEffects = [...touched].map(
    ([what, names]) => `${what} is of no namespace, and the authority names ${of}: changed of it: ${names.join(', ')}`,
  );
  return { sideEffects, notAchieved: [] };
}
