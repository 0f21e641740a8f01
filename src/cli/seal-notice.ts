import { ExhibitError } from '../model/errors.js';
import type { SealSummary } from '../workflows/seal.js';
import { gapNotice } from './gap-notice.js';
import { shellWord } from './table.js';

/** What stderr says of a seal that is good and still not all that was asked for; `null` when it is. */
export function sealNotice({
  archivePath,
  statement,
  report,
  timestamps,
  timestampFailures,
}: SealSummary): ExhibitError | null {
  const show = `exhibit show ${shellWord(archivePath)}`;
  if (statement.policy.requireTimestamp && timestamps.length === 0) {
    const asked = timestampFailures.map(({ url }) => `--tsa ${shellWord(url)}`);
    const urls = asked.length > 0 ? asked : ['--tsa URL'];
    const why =
      asked.length > 0
        ? timestampFailures.map(({ url, reason }) => `${url}: ${reason}`).join('; ')
        : 'the collection was begun with one, and the seal named no authority';
    return new ExhibitError('SEAL_UNTIMESTAMPED', `sealed WITHOUT a time-stamp: ${why}`, {
      subject: archivePath,
      hints: [
        `exhibit custody retimestamp ${shellWord(archivePath)} ${urls.join(' ')}`,
        ...(statement.completeness === 'complete' ? [] : [show]),
      ],
      safe: 'The archive is sealed, signed and read back. Its verdict is INTACT_UNTIMESTAMPED until a token is got.',
    });
  }
  if (statement.completeness === 'complete') return null;
  return gapNotice({ outcomes: statement.outcomeCounts, gapsTotal: report.gaps, hints: [show] });
}
