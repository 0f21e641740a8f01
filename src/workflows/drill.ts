import type { VerifyReport } from '../model/verdict.js';
import { toRfc3339 } from '../lib/clock.js';
import { collect } from './collect.js';
import type { CollectSummary } from './collect-summary.js';
import type { CollectDeps, CollectRequest } from './collect-request.js';
import { seal } from './seal.js';
import type { SealDeps, SealRequest, SealSummary } from './seal.js';
import { verify } from './verify.js';

/** How a drill went. Counts of artifacts; durations in milliseconds of the monotonic clock. */
export interface Scorecard {
  readonly format: 'exhibit-scorecard/1';
  readonly exhibitId: string;
  readonly kind: string;
  readonly startedAt: string;
  readonly durationMs: {
    readonly collect: number;
    readonly seal: number;
    readonly verify: number;
    readonly total: number;
  };
  readonly planned: number;
  readonly obtained: number;
  /** The source proved that there is nothing: no gap, and nothing obtained. */
  readonly provedAbsent: number;
  readonly gaps: number;
  /** Thousandths of the planned artifacts that were obtained or proved absent. */
  readonly coveragePermille: number;
  readonly payloadFiles: number;
  readonly payloadBytes: number;
  readonly verdict: VerifyReport['verdict'];
}

export interface DrillSummary {
  readonly collect: CollectSummary;
  readonly seal: SealSummary;
  readonly report: VerifyReport;
  readonly scorecard: Scorecard;
}

export interface DrillRequest {
  readonly collect: CollectRequest;
  readonly seal: SealRequest;
  /** Trust from outside the archive, as a stranger would bring it. */
  readonly allowedSigners: { readonly source: string; readonly text: string };
}

/** The main job from end to end, timed: collect, seal, and verify as a stranger would, with the receipt. */
export async function runDrill(
  request: DrillRequest,
  deps: CollectDeps & SealDeps & { readonly scratchDirectory: string },
): Promise<DrillSummary> {
  const startedAt = toRfc3339(deps.clock.nowMs());
  const marks = [deps.clock.monoUs()];
  const collected = await collect(request.collect, deps);
  marks.push(deps.clock.monoUs());
  const sealed = await seal(request.seal, deps);
  marks.push(deps.clock.monoUs());
  const report = await verify(
    {
      archivePath: sealed.archivePath,
      allowedSigners: request.allowedSigners,
      receiptPath: sealed.receiptPath,
      requireComplete: false,
    },
    deps,
  );
  marks.push(deps.clock.monoUs());
  return {
    collect: collected,
    seal: sealed,
    report,
    scorecard: scorecardOf({ startedAt, marks, collected, sealed, report }),
  };
}

interface Facts {
  readonly startedAt: string;
  /** Microseconds at the start and after each of the three parts. */
  readonly marks: readonly number[];
  readonly collected: CollectSummary;
  readonly sealed: SealSummary;
  readonly report: VerifyReport;
}

function scorecardOf({ startedAt, marks, collected, sealed, report }: Facts): Scorecard {
  const elapsedMs = (from: number, to: number): number => Math.round(((marks[to] ?? 0) - (marks[from] ?? 0)) / 1000);
  const { outcomes, planned } = collected;
  const obtained = outcomes.collected;
  const provedAbsent = outcomes.absent + outcomes.empty;
  return {
    format: 'exhibit-scorecard/1',
    exhibitId: collected.exhibitId,
    kind: sealed.statement.kind,
    startedAt,
    durationMs: { collect: elapsedMs(0, 1), seal: elapsedMs(1, 2), verify: elapsedMs(2, 3), total: elapsedMs(0, 3) },
    planned,
    obtained,
    provedAbsent,
    gaps: collected.gapsTotal,
    coveragePermille: planned === 0 ? 0 : Math.floor(((obtained + provedAbsent) * 1000) / planned),
    payloadFiles: sealed.statement.payloadFiles,
    payloadBytes: sealed.statement.payloadBytes,
    verdict: report.verdict,
  };
}
