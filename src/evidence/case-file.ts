import { caseFileSchema, caseIdSchema } from '../model/case.js';
import type { CaseFile } from '../model/case.js';
import { ExhibitError } from '../model/errors.js';
import { join } from 'node:path';
import { assertPrivateDirectory, readPrivateFile } from './private-files.js';

export interface CaseLayout {
  readonly directory: string;
  readonly file: string;
  readonly log: string;
  readonly exhibits: string;
  readonly sealed: string;
}

/** Paths of a case. Throws `CASE_INVALID` for what cannot be the name of a case. */
export function caseLayout(casesDirectory: string, caseId: string): CaseLayout {
  if (!caseIdSchema.safeParse(caseId).success) throw noSuchCase(caseId);
  const directory = join(casesDirectory, caseId);
  return {
    directory,
    file: join(directory, 'case.json'),
    log: join(directory, 'case.jsonl'),
    exhibits: join(directory, 'exhibits'),
    sealed: join(directory, 'sealed'),
  };
}

export function noSuchCase(caseId: string): ExhibitError {
  return new ExhibitError('CASE_INVALID', `there is no case ${caseId}`, {
    subject: caseId,
    hints: ['exhibit case list'],
  });
}

/** case.json, checked; `null` when the case does not exist. Throws `STORAGE_UNSAFE` for a directory that others can use, `CASE_CORRUPT`. */
export async function readCaseFile(layout: CaseLayout): Promise<CaseFile | null> {
  const bytes = await readPrivateFile(layout.file);
  if (bytes === null) return null;
  await assertPrivateDirectory(layout.directory);
  const parsed = caseFileSchema.safeParse(parseJsonText(bytes.toString('utf8')));
  if (!parsed.success)
    throw new ExhibitError('CASE_CORRUPT', 'case.json is not as we write it', { subject: layout.file });
  return parsed.data;
}

function parseJsonText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
