import { caseLayout } from '../evidence/case-file.js';
import { readCaseHistory } from '../evidence/case-state.js';
import { ExhibitError } from '../model/errors.js';
import { readCase } from './case-shown.js';
import type { Context } from './context.js';
import { SANDBOX_CASE } from './drill-case.js';
import { readExhibitKind } from './exhibit-progress.js';

/**
 * A case of the sandbox takes evidence of the sandbox only, and that is gone with the drill: nothing of a real cluster may get into it.
 * Throws `USAGE_INVALID`.
 */
export async function refuseSandbox(context: Context, caseId: string): Promise<void> {
  const { casesDirectory } = context.locations;
  const { reference, reason } = await readCase(context, caseId);
  const exhibits = readCaseHistory(caseLayout(casesDirectory, caseId).log).exhibits;
  const last = exhibits.at(-1);
  const kind = last === undefined ? null : await readExhibitKind(casesDirectory, caseId, last.exhibitId);
  if (kind !== 'sandbox' && (reference !== SANDBOX_CASE || reason !== SANDBOX_CASE)) return;
  throw new ExhibitError(
    'USAGE_INVALID',
    `case ${caseId} is of the sandbox: nothing of a real cluster may get into it`,
    {
      subject: caseId,
      hints: ['the drill is over; run it again: exhibit drill run --sandbox', 'exhibit case list'],
    },
  );
}
