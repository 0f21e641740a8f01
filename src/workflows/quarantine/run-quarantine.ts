import { setTimeout as wait } from 'node:timers/promises';
import { subjectName, type PlanTarget } from '../../model/action.js';
import { applyPlan } from '../../plan/apply-plan.js';
import type { StepReport } from '../../plan/step-report.js';
import type { ClusterActuator } from '../../ports/cluster-actuator.js';
import type { Io } from '../../ports/io.js';
import { changesOf } from '../execute/open-ladder.js';
import { type ContainmentRecord, type OpeningDeps, recordOpening } from './containment-record.js';
import { findReplacements, type Found, type Replacement, siblingsOf } from './find-replacements.js';
import { assertRights, type PreparedQuarantine } from './prepare-quarantine.js';

/** Texts that one custody entry holds; the others are counted. */
const MAX_TEXTS = 200;
const NOT_LISTED: Found = { replacements: null, reasons: [] };

export interface QuarantineDeps extends OpeningDeps {
  readonly actuator: ClusterActuator;
  readonly io: Io;
  readonly signal: AbortSignal;
}

/** Without a probe nobody knows more: the verdict is `unverified`, whatever was done. */
export interface QuarantineSummary {
  readonly plan: string;
  readonly target: PlanTarget;
  readonly exhibitId: string;
  readonly verdict: 'unverified';
  readonly reasons: readonly string[];
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

/** Of a plan that is gone on with, what was known when it was begun. */
async function targetOf({ target, isResumed }: PreparedQuarantine, deps: Pick<QuarantineDeps, 'reader'>) {
  return isResumed ? target : { ...target, siblings: await siblingsOf(target, deps) };
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
  assertRights(prepared);
  const { plan, steps, scene, foresight } = prepared;
  const { exhibit, journal } = record;
  const nodes = scene.nodes.map(({ name }) => name);
  const pods = scene.suspects.map(({ namespace, name }) => `${namespace}/${name}`);
  await recordOpening(record, { clusterUid: scene.clusterUid, nodes, pods }, deps);
  const target = await targetOf(prepared, deps);
  if (!prepared.isResumed) await journal.begin(plan, target, steps);
  await exhibit.custody.append('plan', {
    phase: 'containment',
    ...{ plan, target, resumed: prepared.isResumed, steps: steps.length },
    sideEffects: foresight.sideEffects.slice(0, MAX_TEXTS),
    notAchieved: foresight.notAchieved.slice(0, MAX_TEXTS),
  });
  const changes = changesOf(exhibit);
  const { actuator, signal, io } = deps;
  const onStep = (report: StepReport): void => say(io, report);
  const reports = await applyPlan(plan, { journal, actuator, record: changes, signal, onStep });
  const pause = (ms: number) => wait(ms, undefined, { signal });
  const found = await findReplacements(target, reports, { reader: deps.reader, pause }).catch(() => NOT_LISTED);
  const { replacements } = found;
  const reasons = [...failureReasons(reports), ...found.reasons, ...foresight.notAchieved];
  await changes.effect({
    kind: 'containment',
    subject: target.name,
    outcome: 'unknown',
    detail: 'unverified: no probe was made',
    auditIds: [],
    after: {
      verdict: 'unverified',
      reasons: reasons.slice(0, MAX_TEXTS),
      replacements: replacements?.slice(0, MAX_TEXTS) ?? null,
    },
  });
  const { exhibitId } = exhibit;
  const { sideEffects } = foresight;
  return { plan, target, exhibitId, verdict: 'unverified', reasons, sideEffects, steps: reports, replacements };
}
