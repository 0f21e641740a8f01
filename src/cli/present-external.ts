import type { ExternalRecord } from '../model/external.js';
import type { ExternalReport } from '../workflows/snapshot/verify-external.js';
import { renderBytes } from './quantities.js';
import { renderTable } from './table.js';

function rowOf(record: ExternalRecord): readonly string[] {
  const volume = [record.volume ?? 'a copy', record.deviceName ?? ''].join(' ').trim();
  const where = `${record.account} ${record.region}`;
  return [record.id, where, volume, renderBytes(record.sizeBytes), record.state, record.lock.mode];
}

/** A line for each snapshot of which every byte was read. */
export function hashedImages(records: readonly ExternalRecord[]): readonly string[] {
  return records.flatMap(({ id, blocks }) =>
    blocks === undefined ? [] : [`${id}: SHA-256 of its image ${blocks.imageSha256}, read until ${blocks.hashedToAt}`],
  );
}

/** What stays outside an archive, as it says itself; empty = nothing does. */
export function presentExternal(records: readonly ExternalRecord[]): string {
  if (records.length === 0) return '';
  return [
    'Outside the archive:',
    renderTable(['snapshot', 'where', 'of', 'size', 'state', 'lock'], records.map(rowOf)),
    ...hashedImages(records),
  ].join('\n');
}

/** How what is outside compares with the archive. */
export function presentExternalReports(reports: readonly ExternalReport[]): string {
  if (reports.length === 0) return 'The archive names nothing outside it.';
  const rows = reports.flatMap(({ subject, checks }) =>
    checks.map(({ check, result, detail }) => [subject, check, result, detail]),
  );
  return ['Outside the archive, now:', renderTable(['snapshot', 'check', 'result', 'detail'], rows)].join('\n');
}
