import { ExhibitError } from '../model/errors.js';
import type { PullSummary } from '../workflows/pull.js';
import { verdictNotice } from './present-report.js';
import { shellWord } from '../lib/shell-word.js';

/** What stderr says of an archive that was fetched and is not proven to be the one that was stored; `null` when it is. */
export function pullNotice({
  report,
  location,
  path,
  digestOfReceipt,
  digestOfSource,
}: PullSummary): ExhibitError | null {
  if (report !== null) return verdictNotice(report);
  if (digestOfReceipt === 'matches') return null;
  const compared = digestOfSource === 'matches' ? 'only with what the same store says of it' : 'with nothing';
  return new ExhibitError('PULL_UNCOMPARED', `the encrypted archive was compared ${compared}: no --receipt was given`, {
    subject: path,
    hints: [`exhibit pull ${shellWord(location)} --output ANOTHER_FOLDER --receipt FILE`],
    safe: 'The file was fetched whole and stays. Whoever may write to the store can have replaced it together with its digest.',
  });
}
