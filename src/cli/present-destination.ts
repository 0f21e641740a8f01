import type { Delivered } from '../evidence/destinations/deliver.js';
import type { StorageLock } from '../ports/destination.js';
import type { PullSummary } from '../workflows/pull.js';
import type { PushSummary } from '../workflows/push.js';
import { presentReport } from './present-report.js';
import { renderBytes } from './quantities.js';
import { shellWord } from '../lib/shell-word.js';
import { renderFacts } from './table.js';

function howStored({ wasThere, isReadBack }: Delivered): string {
  const came = wasThere ? 'was there already' : 'stored';
  return `${came}, ${isReadBack ? 'read back with the same digest' : 'NOT read back'}`;
}

function lockShown({ retention, legalHold }: StorageLock): string | null {
  const parts = [
    ...(retention === null ? [] : [`${retention.mode} until ${retention.untilAt}`]),
    ...(legalHold ? ['legal hold'] : []),
  ];
  return parts.length === 0 ? null : `${parts.join(', ')} (as the store says)`;
}

export function presentPush(summary: PushSummary): string {
  const [archive, ...others] = summary.files;
  const facts = renderFacts([
    ['archive', summary.archive],
    ['verdict', `${summary.verdict}${summary.isEncrypted ? ' (encrypted)' : ''}`],
    ['stored as', archive?.location],
    ['size', archive === undefined ? null : renderBytes(archive.sizeBytes)],
    ['sha256', archive?.sha256],
    ['version', archive?.versionId],
    ['state', archive === undefined ? null : howStored(archive)],
    ['lock', lockShown(summary.lock)],
    ['custody', summary.custodyEvent ?? 'no event was written (--no-custody)'],
    ['also there', others.length === 0 ? null : others.map(({ location }) => location)],
  ]);
  const next = archive === undefined ? '' : `\n\nNext: exhibit pull ${shellWord(archive.location)} --output FOLDER`;
  return `${facts}${next}`;
}

function custodyText({ custodyPath, custodyEvents }: PullSummary): string | null {
  if (custodyPath === null) return null;
  return `${custodyPath} (${String(custodyEvents)} ${custodyEvents === 1 ? 'event' : 'events'}; judged by: exhibit custody verify)`;
}

export function presentPull(summary: PullSummary, columns: number): string {
  const { report, path } = summary;
  const facts = renderFacts([
    ['fetched', summary.location],
    ['to', path],
    ['size', renderBytes(summary.sizeBytes)],
    ['sha256', summary.sha256],
    ['source says', summary.digestOfSource === 'matches' ? 'the same digest' : 'no digest'],
    ['receipt', summary.digestOfReceipt === 'matches' ? 'the same digest' : 'none was given'],
    ['custody', custodyText(summary)],
    [
      'also fetched',
      summary.receiptPath === null ? null : `${summary.receiptPath} (came with the archive: it proves nothing)`,
    ],
  ]);
  const rest =
    report === null
      ? `Encrypted: nothing inside was checked. Next: exhibit decrypt ${shellWord(path)} --identity FILE`
      : presentReport(report, columns);
  return `${facts}\n\n${rest}`;
}
