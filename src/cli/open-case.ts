import { type Authority, NOT_STATED } from '../model/case.js';
import { readCase } from './case-shown.js';
import type { Context } from './context.js';
import { resolveSetting } from './settings.js';

export interface NewCase {
  readonly reference?: string | undefined;
  readonly reason?: string | undefined;
  readonly authority: Authority;
  readonly operator?: string | undefined;
  readonly hold?: string | undefined;
  readonly privilege?: string | undefined;
  /** The caller sees to it that another case stays in use. */
  readonly ofItsOwn?: boolean;
}

/** Opens a case, which is in use then, and says so; what was not stated is recorded as such and warned of. */
export async function openCase(context: Context, input: NewCase): Promise<string> {
  const { user, host } = context.os;
  const operator = resolveSetting({
    flag: input.operator,
    config: context.config.operator,
    default: `${user}@${host}`,
  });
  const store = await context.store();
  const { caseId } = await store.create({
    reference: input.reference ?? NOT_STATED,
    reason: input.reason ?? NOT_STATED,
    authority: input.authority,
    operator: operator.value,
    hold: input.hold ?? null,
    privilege: input.privilege ?? null,
  });
  const text =
    input.ofItsOwn === true ? `a case of its own was opened: ${caseId}` : `case ${caseId} was opened and is in use`;
  context.io.emit('CASE_OPENED', text, { caseId });
  const missing = [
    ...(input.reason === undefined ? ['reason'] : []),
    ...(input.authority === NOT_STATED ? ['authority'] : []),
  ];
  if (missing.length > 0)
    context.io.emit('CASE_NOT_STATED', `${missing.join(' and ')} of case ${caseId}: recorded as "${NOT_STATED}"`, {
      caseId,
      missing,
    });
  return caseId;
}

/** The case to collect into: the named one, the one in use, else a new one. */
export async function caseForCollection(context: Context): Promise<string> {
  return (await context.namedCase()) ?? (await openCase(context, { authority: NOT_STATED }));
}

/** The authority of the case that a dry run would collect into. */
export async function authorityOf(context: Context): Promise<Authority> {
  const caseId = await context.namedCase();
  return caseId === null ? NOT_STATED : (await readCase(context, caseId)).authority;
}
