import { caseLayout } from '../evidence/case-file.js';
import { readCaseHistory } from '../evidence/case-state.js';
import { type Answers, confirm } from './confirm.js';
import type { Context } from './context.js';
import { type ExhibitProgress, readExhibitProgress } from './exhibit-progress.js';
import { resumeCommand } from './resume-command.js';

/** What a seal would close although it was not read; `null` when the open exhibit was read to its end, or there is none. */
async function unfinished(context: Context, caseId: string): Promise<ExhibitProgress | null> {
  const { casesDirectory } = context.locations;
  const exhibit = readCaseHistory(caseLayout(casesDirectory, caseId).log).exhibits.at(-1);
  if (exhibit?.state !== 'open') return null;
  const progress = await readExhibitProgress(casesDirectory, caseId, exhibit.exhibitId);
  return progress.finished && progress.read >= progress.planned ? null : progress;
}

/**
 * A seal of an interrupted collection is final: it is said loudly, and asked where somebody can answer. Without a terminal it goes on,
 * because after a crash a seal must always be possible. Throws `DECLINED`.
 */
export async function warnUnfinished(
  context: Context,
  caseId: string,
  asking: { readonly caseFlag: string | undefined; readonly answers: Answers },
): Promise<void> {
  const progress = await unfinished(context, caseId);
  if (progress === null) return;
  const { planned, read, requiredNotRead } = progress;
  const missing =
    planned === 0
      ? 'nothing was planned yet'
      : `${String(Math.max(0, planned - read))} of ${String(planned)} artifacts were not read, ${String(requiredNotRead)} of them required`;
  context.io.emit(
    'SEAL_UNFINISHED',
    `the collection was interrupted: ${missing}; ${resumeCommand(asking.caseFlag)} would read them, a seal makes them gaps for good`,
    { planned, read, requiredNotRead },
  );
  if (asking.answers.mayAsk) await confirm('Seal it as it is?', asking.answers);
}
