import { setTimeout as wait } from 'node:timers/promises';
import { subjectName, type PlanTarget } from '../../model/action.js';
import { applyPlan } from '../../plan/apply-plan.js';
import { Patience } from '../../plan/patience.js';
import type { StepReport } from '../../plan/step-report.js';
import type { CloudTools } from '../../plan/step-driver.js';
import type { ClusterActuator } from '../../ports/cluster-actuator.js';
import type { Io } from '../../ports/io.js';
import { changesOf } from '../execute/open-ladder.js';
import { beginPlan } from './begin-plan.js';
import type { ContainmentRecord, OpeningDeps } from './containment-record.js';
import { findReplacements, type Found, type Replacement } from './find-replacements.js';
import type { PreparedQuarantine } from './prepare-quarantine.js';
import { goneTexts, notInPlanTexts, type SincePlanned } from './since-planned.js';
import { type ContainmentVerdict, judgeContainment } from './verdict.js';
import type { CheckRound } from './verify/containment-check.js';
import {
  assertNotInterrupted,
  openVerification,
  type Verification,
  type VerificationOptions,
  type Verified,
} from './verify/open-verification.js';

/** Texts that one custody entry holds; the others are counted. */
const MAX_TEXTS = 200;
const SHIFT_WAIT_MS = 120_000;
const NOT_LISTED: Found = { replacements: null, reasons: [] };

export interface QuarantineDeps extends OpeningDeps {
  readonly actuator: ClusterActuator;
  /** Left out = no cloud was given. */
  readonly cloud?: CloudTools | null;
  readonly io: Io;
  readonly signal: AbortSignal;
  /** How it is seen whether it holds; left out = it is not looked at. */
  readonly verification?: VerificationOptions;
  /** Told once, when every step has been tried and only looks follow. */
  readonly onApplied?: () => void;
  /** How long disruption budgets may hold back pods that are to be moved, all together; left out = two minutes. */
  readonly shiftWaitMs?: number;
}

export interface QuarantineSummary extends SincePlanned {
  readonly plan: string;
  readonly target: PlanTarget;
  readonly exhibitId: string;
  readonly verdict: ContainmentVerdict;
  /** What the verdict rests on and what speaks against it; names in it are untrusted. */
  readonly reasons: readonly string[];
  /** What it is not for, however well it goes. */
  readonly notAchieved: readonly string[];
  /** Each look at it. */
  readonly checks: readonly CheckRound[];
  readonly sideEffects: readonly string[];
  readonly steps: readonly StepReport[];
  /** `null` = the pods could not be listed again. */
  readonly replacements: readonly Replacement[] | null;
}

function say(io: Io, report: StepReport): void {
  const { planned, outcome, detail, why } = report;
  const what = `step ${String(planned.step)} ${planned.name} of ${subjectName(planned.subject)}`;
  if (outcome === 'failed') io.emit('CONTAINMENT_STEP_FAILED', `${what}: ${why ?? ''}: ${detail}`);
  else io.emit('CONTAINMENT_STEP', `${what}: ${outcome}`);
}

function failureReasons(steps: readonly StepReport[]): readonly string[] {
  return steps
    .filter(({ outcome }) => outcome === 'failed')
    .map(
      ({ planned, why }) =>
        `step ${String(planned.step)} ${planned.name} of ${subjectName(planned.subject)}: ${why ?? ''}`,
    );
}

const NOT_LOOKED_AT: Verification = {
  check: (_reports, failures) => {
    const nothing = { suspects: [], rounds: [], flowsBefore: null, missedSeconds: [] };
    return Promise.resolve({ ...judgeContainment({ ...nothing, failures }), checks: [] });
  },
  close: () => Promise.resolve(),
};

async function verificationOf(
  { plan, target, scene, isResumed }: PreparedQuarantine,
  { exhibit }: ContainmentRecord,
  deps: QuarantineDeps,
): Promise<Verification> {
  const { verification, reader, actuator, cloud = null, io, signal } = deps;
  if (verification === undefined) return NOT_LOOKED_AT;
  const tools = { actuator, cloud };
  return await openVerification({ plan, subject: target.name, scene, isResumed }, verification, {
    ...{ reader, tools, io, signal, exhibit },
  });
}

async function recordVerdict(
  { verdict, reasons }: Verified,
  { target, replacements }: Pick<QuarantineSummary, 'target' | 'replacements'>,
  { exhibit }: ContainmentRecord,
): Promise<void> {
  await changesOf(exhibit).effect({
    kind: 'containment',
    subject: target.name,
    outcome: verdict === 'verified' ? 'done' : 'unknown',
    detail: verdict,
    auditIds: [],
    after: {
      verdict,
      reasons: reasons.slice(0, MAX_TEXTS),
      replacements: replacements?.slice(0, MAX_TEXTS) ?? null,
    },
  });
}

/**
 * Does a prepared and confirmed containment, and writes it into the journal of the case and the custody log of its open exhibit. What fails
 * stops only what needs it. Throws `CLUSTER_FORBIDDEN` before the first change where a right is missing, and as the ports and the records;
 * the same command then goes on.
 */
export async function runQuarantine(
  prepared: PreparedQuarantine,
  record: ContainmentRecord,
  deps: QuarantineDeps,
): Promise<QuarantineSummary> {
  const { plan, steps, foresight } = prepared;
  const { exhibit } = record;
  const target = await beginPlan(prepared, record, deps);
  await exhibit.custody.append('plan', {
    phase: 'containment',
    ...{ plan, target, resumed: prepared.isResumed, steps: steps.length },
    sideEffects: foresight.sideEffects.slice(0, MAX_TEXTS),
    notAchieved: foresight.notAchieved.slice(0, MAX_TEXTS),
    ...(prepared.isResumed ? sinceEntry(prepared) : {}),
  });
  const verification = await verificationOf(prepared, record, deps);
  try {
    const done = await contain(prepared, { target, record, verification }, deps);
    await recordVerdict(done.verified, { target, replacements: done.found.replacements }, record);
    assertNotInterrupted(deps.signal);
    const { verdict, reasons, checks } = done.verified;
    const { sideEffects, notAchieved } = foresight;
    return {
      ...{ plan, target, exhibitId: exhibit.exhibitId, verdict, checks, sideEffects, notAchieved },
      ...{ reasons: [...reasons, ...done.found.reasons], steps: done.reports, ...prepared.since },
      replacements: done.found.replacements,
    };
  } finally {
    await verification.close();
  }
}

function sinceEntry({ since: { notInPlan, gone } }: PreparedQuarantine) {
  const moreNotInPlan = Math.max(0, notInPlan.length - MAX_TEXTS);
  return { notInPlan: notInPlan.slice(0, MAX_TEXTS), moreNotInPlan, gone: gone.slice(0, MAX_TEXTS) };
}

/** What keeps a containment that went well from being of everything that was asked for. */
function sinceReasons({ since, plan }: PreparedQuarantine): readonly string[] {
  // That a controller makes another pod is expected, and is listed with the replacements.
  const notInPlan = since.notInPlan.filter(({ isReplacement }) => !isReplacement);
  return [...goneTexts(since, plan), ...notInPlanTexts({ ...since, notInPlan }, plan)];
}

/** The steps, what the controllers made in the suspects' place, and whether it holds. */
async function contain(
  prepared: PreparedQuarantine,
  { target, record, verification }: { target: PlanTarget; record: ContainmentRecord; verification: Verification },
  deps: QuarantineDeps,
) {
  const { actuator, cloud = null, signal, io, reader } = deps;
  const { journal, exhibit } = record;
  const onStep = (report: StepReport): void => say(io, report);
  const reports = await applyPlan(prepared.plan, {
    journal,
    actuator,
    cloud,
    record: changesOf(exhibit),
    signal,
    onStep,
    patience: new Patience(deps.shiftWaitMs ?? SHIFT_WAIT_MS),
    objection: prepared.objection,
  });
  deps.onApplied?.();
  const endedUs = deps.verification?.clock.monoUs() ?? 0;
  const pause = (ms: number) => wait(ms, undefined, { signal });
  const found = await findReplacements(target, reports, { reader, pause }).catch(() => NOT_LISTED);
  const failures = [...failureReasons(reports), ...sinceReasons(prepared)];
  const verified = await verification.check(reports, failures, endedUs);
  return { reports, found, verified };
}
