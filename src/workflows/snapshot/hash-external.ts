import type { ExhibitSpool } from '../../evidence/exhibit-spool.js';
import { isThere } from '../../evidence/is-there.js';
import { readLines } from '../../lib/read-lines.js';
import { type ExternalRecord, externalRecordSchema } from '../../model/external.js';
import type { SnapshotHash } from './snapshot-hash.js';

/** The latest line about the snapshot; `null` = the exhibit has none. */
async function latestLine({ layout }: ExhibitSpool, source: string): Promise<ExternalRecord | null> {
  if (!(await isThere(layout.external))) return null;
  let latest: ExternalRecord | null = null;
  for await (const { line } of readLines(layout.external)) {
    const record = externalRecordSchema.parse(JSON.parse(line.toString('latin1')));
    if (`${record.cloud}:${record.region}:${record.id}` === source) latest = record;
  }
  return latest;
}

/**
 * Puts what the blocks of a snapshot gave beside what the exhibit already says of it, as another line: `observedAt` stays that of the look,
 * the reading has times of its own. Nothing where the exhibit has no line about it, since blocks alone do not say what a line must.
 */
export async function recordHashedBlocks(exhibit: ExhibitSpool, hash: Omit<SnapshotHash, 'record'>): Promise<void> {
  const latest = await latestLine(exhibit, hash.source);
  if (latest === null) return;
  const { imageSha256, sizeBytes: imageBytes, manifest, hashStartedAt, hashEndedAt } = hash;
  await exhibit.external({
    ...latest,
    blocks: {
      ...{ imageSha256, imageBytes, manifestSha256: manifest.sha256, manifestPath: manifest.path },
      ...{ hashedFromAt: hashStartedAt, hashedToAt: hashEndedAt },
    },
  });
}
