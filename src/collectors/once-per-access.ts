import type { NodeAccess } from '../ports/node-access.js';

/** Asks once per way to a node and shares the answer. What failed is asked again: one answer that did not come says nothing of the next. */
export function oncePerAccess<Answer>(
  ask: (access: NodeAccess, signal: AbortSignal) => Promise<Answer>,
): (access: NodeAccess, signal: AbortSignal) => Promise<Answer> {
  const known = new WeakMap<NodeAccess, Promise<Answer>>();
  return async (access, signal) => {
    const asking = known.get(access) ?? ask(access, signal);
    known.set(access, asking);
    try {
      return await asking;
    } catch (error) {
      known.delete(access);
      throw error;
    }
  };
}
