import type { z } from 'zod';
import { archiveOf } from '../evidence/archive-of.js';
import { caseLayout, noSuchCase, readCaseFile } from '../evidence/case-file.js';
import { type ExhibitHistory, readCaseHistory } from '../evidence/case-state.js';
import { sealedPaths, type SealedPaths } from '../evidence/finished-seal.js';
import { readReceiptFile } from '../evidence/receipt-file.js';
import type { CaseFile } from '../model/case.js';
import type { Context } from './context.js';
import { readExhibitKind, readExhibitProgress } from './exhibit-progress.js';
import type { caseListResult, caseShowResult } from './results/case-results.js';

/** Reads without taking the lock, so that a running collection can be looked at. Throws `CASE_INVALID`, `CASE_CORRUPT`, `STORAGE_UNSAFE`. */
export async function readCase(context: Context, caseId: string): Promise<CaseFile> {
  const file = await readCaseFile(caseLayout(context.locations.casesDirectory, caseId));
  if (file === null) throw noSuchCase(caseId);
  return file;
}

type ExhibitShown = z.infer<typeof caseShowResult>['exhibits'][number];

/** Of an exhibit whose spool was removed after its encryption. */
async function kindOfReceipt({ receipt }: SealedPaths): Promise<ExhibitShown['kind']> {
  return await readReceiptFile(receipt).then(
    (found) => found?.kind ?? null,
    () => null,
  );
}

async function exhibitsShown(
  context: Context,
  caseId: string,
  exhibits: readonly Pick<ExhibitHistory, 'exhibitId' | 'state' | 'encryption'>[],
): Promise<ExhibitShown[]> {
  const { casesDirectory } = context.locations;
  const { sealed } = caseLayout(casesDirectory, caseId);
  const shown: ExhibitShown[] = [];
  for (const exhibit of exhibits) {
    const { exhibitId, state, encryption } = exhibit;
    shown.push({
      exhibitId,
      state,
      archive: archiveOf(sealed, exhibit),
      encryption: encryption === null ? null : encryption.state === 'done' ? 'done' : 'unfinished',
      kind:
        (await readExhibitKind(casesDirectory, caseId, exhibitId)) ??
        (await kindOfReceipt(sealedPaths(sealed, exhibitId))),
      progress: state === 'open' ? await readExhibitProgress(casesDirectory, caseId, exhibitId) : null,
    });
  }
  return shown;
}

/** A case with its exhibits, as `case show` and `case open` print it. Throws as `readCase`. */
export async function caseShown(context: Context, caseId: string): Promise<z.infer<typeof caseShowResult>> {
  const { reference, state, openedAt, reason, authority, operator, hold, privilege } = await readCase(context, caseId);
  const layout = caseLayout(context.locations.casesDirectory, caseId);
  const history = readCaseHistory(layout.log);
  const store = await context.store();
  return {
    caseId,
    reference,
    state: history.closed ? 'closed' : state,
    openedAt,
    inUse: (await store.current()) === caseId,
    reason,
    authority,
    operator,
    hold,
    privilege: privilege ?? null,
    directory: layout.directory,
    exhibits: await exhibitsShown(context, caseId, history.exhibits),
  };
}

/** Oldest first. */
export async function listCases(context: Context): Promise<z.infer<typeof caseListResult>['cases']> {
  const store = await context.store();
  const inUse = await store.current();
  const cases = await store.list();
  const listed: z.infer<typeof caseListResult>['cases'][number][] = [];
  for (const { caseId, reference, state, openedAt, exhibits } of cases) {
    const shown = await exhibitsShown(context, caseId, exhibits);
    listed.push({ caseId, reference, state, openedAt, inUse: caseId === inUse, exhibits: shown });
  }
  return listed;
}
