import type { ExhibitSpool } from '../../evidence/exhibit-spool.js';
import { isThere } from '../../evidence/is-there.js';
import { readLines } from '../../lib/read-lines.js';
import { ExhibitError } from '../../model/errors.js';
import { type ExternalRecord, externalRecordSchema, type SnapshotRecord } from '../../model/external.js';
import type { Clock } from '../../ports/clock.js';
import { observeSnapshots, type ServiceOf } from './record-snapshots.js';
import type { SnapshotHash } from './snapshot-hash.js';
import type { KnownSnapshot, SnapshotLog } from './snapshot-log.js';
import { ATTEMPT_TAG } from './take-set.js';

export interface HashedBlocksDeps {
  readonly exhibit: ExhibitSpool;
  readonly log: SnapshotLog;
  readonly clock: Clock;
  readonly serviceOf: ServiceOf;
}

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

type Hashed = Pick<SnapshotHash, 'source' | 'snapshot' | 'facts'>;

function regionOf({ source }: Pick<Hashed, 'source'>): string {
  return source.split(':')[1] ?? '';
}

function knownOf({ source, snapshot: id, facts }: Hashed, { log }: HashedBlocksDeps): KnownSnapshot {
  const region = regionOf({ source });
  const known = log.snapshots.find((one) => one.region === region && one.id === id);
  if (known !== undefined) return known;
  return {
    ...{ account: facts.account ?? '', region, id, attempt: '', copyOf: null },
    ...{ volume: facts.volume, node: null, instance: null, deviceName: null, claim: null },
  };
}

/** What the cloud says of it now; `null` = it could not be asked, or knows no such snapshot. */
async function lookedUp(hash: Hashed, deps: HashedBlocksDeps): Promise<SnapshotRecord | null> {
  if (hash.facts.unknownBecause !== null) return null;
  const known = knownOf(hash, deps);
  try {
    const [record] = await observeSnapshots([known], deps.serviceOf, deps);
    if (record === undefined || record.state === 'missing') return null;
    const ofTag = record.tags.find(({ key }) => key === ATTEMPT_TAG)?.value;
    return { ...record, attempt: known.attempt === '' ? (ofTag ?? '') : known.attempt };
  } catch (error) {
    // The bytes were read: what is said beside them stops nothing.
    if (!(error instanceof ExhibitError) || ['INTERRUPTED', 'TERMINATED'].includes(error.code)) throw error;
    return null;
  }
}

/**
 * Puts what the blocks of a snapshot gave into meta/external.jsonl, beside what the exhibit already says of it or what the cloud says now:
 * `observedAt` is that of the look, the reading has times of its own. Whether there is such a line; without one the cloud could not be
 * asked, since blocks alone do not say what a line must.
 */
export async function recordHashedBlocks(hash: Omit<SnapshotHash, 'record'>, deps: HashedBlocksDeps): Promise<boolean> {
  const { exhibit, log } = deps;
  const latest = (await latestLine(exhibit, hash.source)) ?? (await lookedUp(hash, deps));
  const { imageSha256, sizeBytes: imageBytes, manifest, hashStartedAt, hashEndedAt } = hash;
  const blocks = {
    ...{ imageSha256, imageBytes, manifestSha256: manifest.sha256, manifestPath: manifest.path },
    ...{ hashedFromAt: hashStartedAt, hashedToAt: hashEndedAt },
  };
  await log.append({
    event: 'hashed',
    region: regionOf(hash),
    id: hash.snapshot,
    exhibitId: exhibit.exhibitId,
    blocks,
  });
  if (latest === null) return false;
  await exhibit.external({ ...latest, blocks });
  return true;
}
