import { toRfc3339 } from '../../lib/clock.js';
import type { PlanRecord } from '../../model/artifact.js';
import type { OutcomeRecord, Proof } from '../../model/outcome.js';
import type { Clock } from '../../ports/clock.js';
import type { ExhibitSpool } from '../exhibit-spool.js';
import type { SortedSpill } from '../sorted-spill.js';
import type { ParentRecords } from './parent-records.js';

/** The one artifact that the copy has and the parent has not. */
export const REDACTION_ARTIFACT = 'exhibit/redactions';
export const REDACTION_COLLECTOR = 'exhibit';

const BATCH = 512;
/** A digest of bytes that went would let anybody try out what they were. */
const DIGEST = /[0-9a-f]{64}/gi;
const WITHHELD = 'withheld';

/** Plans what the parent planned, and the ledger of redactions. */
export async function planCopy(exhibit: ExhibitSpool, records: ParentRecords, clock: Clock): Promise<void> {
  let batch: PlanRecord[] = [
    {
      artifact: REDACTION_ARTIFACT,
      collector: REDACTION_COLLECTOR,
      required: true,
      source: 'the archive that this is a copy of',
      plannedAt: toRfc3339(clock.nowMs()),
    },
  ];
  for await (const record of records.plan()) {
    batch.push(record);
    if (batch.length < BATCH) continue;
    await exhibit.planMany(batch);
    batch = [];
  }
  await exhibit.planMany(batch);
}

interface Fate {
  isTouched: boolean;
  kept: number;
  removed: number;
}

/**
 * Ends every artifact as the parent did, but for those that lost a file: `partial` while some are left, else `skipped`, with the parent's
 * outcome in the proof. `fates` is drained.
 */
export async function endCopy(
  exhibit: ExhibitSpool,
  {
    records,
    fates,
    redactions,
    clock,
  }: {
    readonly records: ParentRecords;
    readonly fates: SortedSpill;
    readonly redactions: number;
    readonly clock: Clock;
  },
): Promise<void> {
  const walk = fateWalk(fates);
  let batch: OutcomeRecord[] = [
    {
      artifact: REDACTION_ARTIFACT,
      collector: REDACTION_COLLECTOR,
      required: true,
      outcome: 'collected',
      reason: '',
      detail: '',
      proof: { redactions },
      attempts: 1,
      at: toRfc3339(clock.nowMs()),
    },
  ];
  for await (const record of records.outcomes()) {
    batch.push(outcomeInCopy(record, walk(record.artifact)));
    if (batch.length < BATCH) continue;
    await exhibit.outcomeMany(batch);
    batch = [];
  }
  await exhibit.outcomeMany(batch);
}

/** The fates of an artifact's files; artifacts must be asked for in their order. */
function fateWalk(fates: SortedSpill): (artifact: string) => Fate {
  const entries = fates.drainSync();
  let next = entries.next();
  return (artifact) => {
    const fate: Fate = { isTouched: false, kept: 0, removed: 0 };
    for (; next.done !== true && next.value.key <= artifact; next = entries.next()) {
      if (next.value.key !== artifact) continue;
      fate.isTouched ||= next.value.value !== 'kept';
      if (next.value.value === 'removed') fate.removed += 1;
      else if (next.value.value !== 'derived-removed') fate.kept += 1;
    }
    return fate;
  };
}

function outcomeInCopy(record: OutcomeRecord, fate: Fate): OutcomeRecord {
  if (!fate.isTouched) return record;
  const proof = withoutDigests(record.proof);
  const detail = record.detail.replaceAll(DIGEST, WITHHELD);
  const isObtained = record.outcome === 'collected' || record.outcome === 'partial';
  if (!isObtained || (fate.removed === 0 && fate.kept > 0)) return { ...record, detail, proof };
  return {
    ...record,
    outcome: fate.kept > 0 ? 'partial' : 'skipped',
    reason: 'redacted',
    detail:
      fate.kept > 0 ? `${String(fate.removed)} of its files are not in this copy` : 'its files are not in this copy',
    proof: { ...proof, outcomeInParent: record.outcome },
  };
}

function withoutDigests(proof: Proof): Proof {
  return Object.fromEntries(
    Object.entries(proof).map(([key, value]) => [
      key,
      typeof value === 'string' ? value.replaceAll(DIGEST, WITHHELD) : value,
    ]),
  );
}
