import { join } from 'node:path';
import { readLines } from '../lib/read-lines.js';
import type { Kind } from '../model/exhibit.js';
import { errnoOf } from '../model/errors.js';
import { caseLayout } from '../evidence/case-file.js';
import { readSpoolInfo } from '../evidence/spool-info.js';
import { spoolLayout } from '../evidence/spool-layout.js';
import { readRunStates } from '../workflows/execute/run-state.js';

/** How far the collection into an open exhibit has come. Counts of artifacts. */
export interface ExhibitProgress {
  readonly planned: number;
  readonly read: number;
  /** Of those that are planned and not read: the gaps that a seal would make. */
  readonly requiredNotRead: number;
  /** Every collection that was begun has ended. */
  readonly finished: boolean;
}

const REQUIRED = Buffer.from('"required":true');

/** Lines of a ledger that may be written to meanwhile; a quotation mark inside a name is escaped, so the bytes mean the member. */
async function countLines(path: string): Promise<{ readonly all: number; readonly required: number }> {
  let all = 0;
  let required = 0;
  try {
    for await (const { line } of readLines(path)) {
      all += 1;
      if (line.includes(REQUIRED)) required += 1;
    }
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
  return { all, required };
}

/** Reads without the lock. A run whose state cannot be read counts as not finished. */
export async function readExhibitProgress(
  casesDirectory: string,
  caseId: string,
  exhibitId: string,
): Promise<ExhibitProgress> {
  const layout = spoolLayout(join(caseLayout(casesDirectory, caseId).exhibits, exhibitId));
  const outcomes = await countLines(layout.outcomes);
  const plan = await countLines(layout.plan);
  const runs = await readRunStates(layout.run).catch(() => null);
  return {
    planned: plan.all,
    read: outcomes.all,
    requiredNotRead: Math.max(0, plan.required - outcomes.required),
    finished: runs?.every(({ stage }) => stage === 'finished') === true,
  };
}

/** `null` for an exhibit whose spool is gone or says nothing. */
export async function readExhibitKind(casesDirectory: string, caseId: string, exhibitId: string): Promise<Kind | null> {
  const layout = spoolLayout(join(caseLayout(casesDirectory, caseId).exhibits, exhibitId));
  return await readSpoolInfo(layout).then(
    ({ kind }) => kind,
    () => null,
  );
}
