import { ExhibitError } from '../model/errors.js';
import type { SealSummary } from '../workflows/seal.js';
import { gapNotice } from './gap-notice.js';
import { shellWord } from '../lib/shell-word.js';

type Stamped = Pick<SealSummary, 'archivePath' | 'statement' | 'timestamps' | 'timestampFailures'>;

/** What stderr says of a seal that should have a token and has none; `null` when it has, or need not have one. */
export function untimestampedNotice(
  { archivePath, statement, timestamps, timestampFailures }: Stamped,
  furtherHints: readonly string[] = [],
): ExhibitError | null {
  if (!statement.policy.requireTimestamp || timestamps.length > 0) return null;
  const asked = timestampFailures.map(({ url }) => `--tsa ${shellWord(url)}`);
  const urls = asked.length > 0 ? asked : ['--tsa URL'];
  const why =
    asked.length > 0
      ? timestampFailures.map(({ url, reason }) => `${url}: ${reason}`).join('; ')
      : 'the collection was begun with one, and the seal named no authority';
  return new ExhibitError('SEAL_UNTIMESTAMPED', `sealed WITHOUT a time-stamp: ${why}`, {
    subject: archivePath,
    hints: [`exhibit custody retimestamp ${shellWord(archivePath)} ${urls.join(' ')}`, ...furtherHints],
    safe: 'The archive is sealed, signed and read back. Its verdict is INTACT_UNTIMESTAMPED until a token is got.',
  });
}

/** What stderr says of a seal that is good and still not all that was asked for; `null` when it is. */
export function sealNotice(summary: SealSummary): ExhibitError | null {
  const { archivePath, statement, report } = summary;
  const isComplete = statement.completeness === 'complete';
  const show = `exhibit show ${shellWord(archivePath)}`;
  const untimestamped = untimestampedNotice(summary, isComplete ? [] : [show]);
  if (untimestamped !== null || isComplete) return untimestamped;
  return gapNotice({ outcomes: statement.outcomeCounts, gapsTotal: report.gaps, hints: [show] });
}
