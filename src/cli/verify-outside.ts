import { readArchiveSummary } from '../evidence/archive-reader.js';
import { ExhibitError } from '../model/errors.js';
import type { RequestLog } from '../ports/request-log.js';
import { type ExternalReport, verifyExternal } from '../workflows/snapshot/verify-external.js';
import { withArchiveKey } from './archive-key.js';
import type { Context } from './context.js';
import { snapshotServices } from './snapshot-services.js';

const NO_LOG: RequestLog = { begin: () => 0, end: () => undefined };

type ArchiveToRead = Parameters<typeof withArchiveKey>[1];

/** What stays outside an archive, compared with what is there now. The cloud learns nothing of the case. Throws as reading an archive. */
export async function externalReports(context: Context, archive: ArchiveToRead): Promise<readonly ExternalReport[]> {
  const { external } = await withArchiveKey(
    context,
    archive,
    async (open) => await readArchiveSummary(archive.archivePath, open),
  );
  const account = external[0]?.account ?? '';
  const { serviceOf, close } = snapshotServices(context, { caseToken: 'verify', requestLog: NO_LOG, account });
  try {
    return await verifyExternal(external, serviceOf);
  } finally {
    close();
  }
}

/** What stderr says of what is outside and not as the archive says; `null` = nothing of the kind was seen. */
export function externalNotice(archive: string, reports: readonly ExternalReport[]): ExhibitError | null {
  const failed = reports.flatMap(({ subject, checks }) =>
    checks.filter(({ result }) => result === 'failed').map(({ check, detail }) => `${subject}: ${check}: ${detail}`),
  );
  if (failed.length === 0) return null;
  const text = 'the archive verifies, and what it names outside is not as it says';
  return new ExhibitError('VERIFY_FAILED', `${text}: ${failed.slice(0, 5).join('; ')}`, {
    subject: archive,
    hints: ['exhibit snapshot status'],
  });
}
