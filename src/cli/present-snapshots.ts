import type { z } from 'zod';
import { ExhibitError } from '../model/errors.js';
import type { SnapshotSummary } from '../workflows/snapshot/run-snapshots.js';
import type { SourceVolume } from '../workflows/snapshot/snapshot-source.js';
import type { SnapshotPlan } from '../workflows/snapshot/plan-snapshots.js';
import { hashedImages } from './present-external.js';
import { renderBytes } from './quantities.js';
import type { snapshotPlanResult, snapshotResult } from './results/snapshot-results.js';
import { renderFacts, renderTable } from './table.js';

type Result = z.infer<typeof snapshotResult>;
type Plan = z.infer<typeof snapshotPlanResult>;

function verdictOf({ failures, snapshots }: SnapshotSummary): Result['verdict'] {
  if (failures.length > 0) return 'failed';
  return snapshots.some(({ record }) => record.state === 'pending') ? 'pending' : 'completed';
}

export function snapshotDocument(caseId: string, summary: SnapshotSummary): Result {
  return { case: caseId, verdict: verdictOf(summary), ...summary };
}

function stateOf({ record }: SnapshotSummary['snapshots'][number]): string {
  return record.state === 'pending' ? `pending ${record.progress ?? ''}`.trim() : record.state;
}

export function presentSnapshots(result: SnapshotSummary): string {
  const { snapshots, failures, gaps, exhibitId } = result;
  const headings = ['snapshot', 'region', 'volume', 'device', 'claim', 'size', 'state', 'lock', 'how'];
  const rows = snapshots.map((one) => {
    const { record, how } = one;
    return [
      ...[record.id, record.region, record.volume ?? '-', record.deviceName ?? '-', record.claim ?? '-'],
      ...[renderBytes(record.sizeBytes), stateOf(one), record.lock.mode, record.copyOf === null ? how : 'copy'],
    ];
  });
  const hashed = hashedImages(snapshots.map(({ record }) => record));
  const facts = renderFacts([
    ['exhibit', exhibitId],
    ['hashed', hashed.length === 0 ? null : hashed],
    ['failed', failures.length === 0 ? null : failures.map(({ subject, why }) => `${subject}: ${why}`)],
    ['not taken', gaps.length === 0 ? null : gaps],
  ]);
  return rows.length === 0 ? `The case has no snapshots.\n\n${facts}` : `${renderTable(headings, rows)}\n\n${facts}`;
}

/** What stderr says when something failed or is not there yet; `null` when all is well. */
export function snapshotNotice(
  { failures, snapshots }: SnapshotSummary,
  { waited, resume }: { readonly waited: boolean; readonly resume: string },
): ExhibitError | null {
  const safe = 'What was made is in the exhibit and in the case.';
  const [first] = failures;
  if (first !== undefined) {
    const more = failures.length === 1 ? '' : `, and ${String(failures.length - 1)} more`;
    return new ExhibitError('PLATFORM_FAILED', `${first.why}${more}`, {
      subject: first.subject,
      hints: [resume],
      safe,
    });
  }
  const pending = snapshots.filter(({ record }) => record.state === 'pending');
  if (!waited || pending.length === 0) return null;
  return new ExhibitError('WAIT_LIMIT', `${String(pending.length)} snapshots are still being made`, {
    subject: pending.map(({ record }) => record.id).join(', '),
    hints: [resume, 'exhibit seal'],
    safe,
  });
}

export function snapshotPlanDocument(plan: SnapshotPlan): Plan {
  const { sources, ...rest } = plan;
  const shown = ({ tags: _tags, ...volume }: SourceVolume) => volume;
  return {
    sources: sources.map(({ gaps: _gaps, wanted, left, ...source }) => ({
      ...{ ...source, wanted: wanted.map(shown), left: left.map(shown) },
    })),
    ...rest,
  };
}

export function presentSnapshotPlan({ sources, sizeBytes, requests, cost, gaps, refused }: Plan): string {
  const rows = sources.flatMap(({ region, instance, wanted, left }) =>
    [...wanted.map((one) => [one, 'take'] as const), ...left.map((one) => [one, 'leave'] as const)].map(
      ([one, what]) => [
        ...[one.id, region, instance ?? '-', one.deviceName, one.claim ?? '-', renderBytes(one.sizeBytes)],
        ...[one.isEncrypted ? (one.kmsKeyId ?? 'encrypted') : 'not encrypted', what],
      ],
    ),
  );
  const headings = ['volume', 'region', 'machine', 'device', 'claim', 'size', 'key', 'what'];
  const facts = renderFacts([
    ['size', `at most ${renderBytes(sizeBytes)}`],
    ['requests', requests],
    ['cost', cost],
    ['not taken', gaps.length === 0 ? null : gaps],
    ['refused', refused.length === 0 ? null : refused.map(({ subject, why }) => `${subject}: ${why}`)],
  ]);
  return `${renderTable(headings, rows)}\n\n${facts}`;
}

/** What stderr says of a plan that the cloud would refuse, with the exit code of the real run; `null` = it would not. */
export function snapshotPlanNotice({ refused }: Plan): ExhibitError | null {
  const [first] = refused;
  if (first === undefined) return null;
  const more = refused.length === 1 ? '' : `, and ${String(refused.length - 1)} more`;
  return new ExhibitError('PLATFORM_FAILED', `it would be refused: ${first.why}${more}`, {
    subject: first.subject,
    hints: ['exhibit doctor'],
    safe: 'Nothing was changed.',
  });
}
