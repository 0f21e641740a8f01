import { NOT_STATED } from '../model/case.js';
import type { Context } from './context.js';
import { openCase } from './open-case.js';

/** Reference and reason of the case of a sandbox drill, whatever its exhibit says it is. */
export const SANDBOX_CASE = 'sandbox drill';

/** A case of its own for a drill. The case that was in use stays in use: a drill in the middle of an incident must not divert its evidence. */
export async function openDrillCase(context: Context, sandbox: boolean): Promise<string> {
  const store = await context.store();
  const before = await store.current();
  const name = sandbox ? SANDBOX_CASE : 'drill';
  const caseId = await openCase(context, { reference: name, reason: name, authority: NOT_STATED, ofItsOwn: true });
  if (before !== null) await store.use(before);
  return caseId;
}

/** Closed when all is sealed, so that no later collection falls into the case of a drill. */
export async function closeDrillCase(context: Context, caseId: string): Promise<void> {
  await (await context.store()).close(caseId);
}
