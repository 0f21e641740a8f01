import { join } from 'node:path';
import { z } from 'zod';
import type { ExhibitSpool } from '../../evidence/exhibit-spool.js';
import { readPrivateFile, replaceFile } from '../../evidence/private-files.js';
import { asciiJson } from '../../lib/ascii-json.js';
import { toRfc3339 } from '../../lib/clock.js';
import { parseJson } from '../../lib/untyped.js';
import { ExhibitError } from '../../model/errors.js';
import type { Clock } from '../../ports/clock.js';

const volumeGapsSchema = z.array(
  z.strictObject({
    region: z.string(),
    volume: z.string(),
    /** What was asked of the cloud. */
    source: z.string(),
    reason: z.enum(['not-taken', 'snapshot-failed']),
    detail: z.string(),
    /** RFC 3339 UTC. */
    at: z.string(),
  }),
);
type VolumeGap = z.infer<typeof volumeGapsSchema>[number];
type GappedVolume = Pick<VolumeGap, 'region' | 'volume'>;
type Run = Pick<ExhibitSpool, 'runDirectory'>;

const MAX_DETAIL = 1000;

function fileOf({ runDirectory }: Run): string {
  return join(runDirectory, 'snapshot-gaps.json');
}

async function readGaps(exhibit: Run): Promise<readonly VolumeGap[]> {
  const path = fileOf(exhibit);
  const bytes = await readPrivateFile(path);
  if (bytes === null) return [];
  const gaps = volumeGapsSchema.safeParse(parseJson(bytes));
  if (gaps.success) return gaps.data;
  throw new ExhibitError('CASE_CORRUPT', 'the list of volumes without a snapshot is damaged', { subject: path });
}

async function without(exhibit: Run, { region, volume }: GappedVolume): Promise<readonly VolumeGap[]> {
  return (await readGaps(exhibit)).filter((one) => one.region !== region || one.volume !== volume);
}

/**
 * A volume has no usable snapshot now. It becomes a gap of the ledger only when the exhibit is sealed, since an outcome is final and a later
 * run may take it. Durable when it resolves.
 */
export async function openVolumeGap(exhibit: Run, gap: VolumeGap): Promise<void> {
  const others = await without(exhibit, gap);
  await replaceFile(fileOf(exhibit), asciiJson([...others, { ...gap, detail: gap.detail.slice(0, MAX_DETAIL) }]));
}

/** A snapshot of the volume has come to be. */
export async function closeVolumeGap(exhibit: Run, volume: GappedVolume): Promise<void> {
  const known = await readGaps(exhibit);
  const others = await without(exhibit, volume);
  if (others.length < known.length) await replaceFile(fileOf(exhibit), asciiJson(others));
}

/** Volumes that are without a snapshot when the exhibit is sealed are gaps of its ledger. */
export async function settleVolumeGaps(exhibit: ExhibitSpool, clock: Clock): Promise<void> {
  for (const { region, volume, source, reason, detail, at } of await readGaps(exhibit)) {
    const artifact = `snapshot/${region}/${volume}`;
    if (exhibit.hasOutcome(artifact)) continue;
    const shared = { artifact, collector: 'snapshot', required: true };
    await exhibit.plan({ ...shared, source, plannedAt: at });
    const end = { outcome: 'failed', reason, detail, proof: { failedAt: at }, attempts: 1 } as const;
    await exhibit.outcome({ ...shared, ...end, at: toRfc3339(clock.nowMs()) });
  }
}
