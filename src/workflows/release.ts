import { isCloudStep, objectOf, subjectName, type PlannedStep, type PlanTarget } from '../model/action.js';
import type { CloudName } from '../model/cloud.js';
import { ExhibitError } from '../model/errors.js';
import { driverOf } from '../plan/driver-of.js';
import { isSame, viewOf } from '../plan/observed.js';
import type { PlanHistory } from '../plan/plan-history.js';
import { isToBeUndone, releasePlan, type ReleaseOptions } from '../plan/release-plan.js';
import type { PlanTools } from '../plan/step-driver.js';
import type { StepReport } from '../plan/step-report.js';
import { changesOf } from './execute/open-ladder.js';
import { type ContainmentRecord, recordOpening } from './quarantine/containment-record.js';
import { policiesAfterRelease } from './policies-after-release.js';
import type { QuarantineDeps } from './quarantine/run-quarantine.js';
import { readClusterUid } from './targets/freeze-targets.js';

/** Texts that one custody entry holds. */
const MAX_TEXTS = 200;

export interface ReleaseRequest extends ReleaseOptions {
  /** Of one plan; `null` = every containment of the case, the last one first. */
  readonly plan: string | null;
}

/** What a step changed, as it was before and is now. */
export interface Comparison {
  readonly planned: PlannedStep;
  readonly state: 'as-before' | 'differs' | 'gone' | 'unreadable';
  readonly now: unknown;
}

export interface ReleasedPlan {
  readonly plan: string;
  readonly target: PlanTarget;
  readonly steps: readonly StepReport[];
  readonly comparison: readonly Comparison[];
  /** Numbers of the steps of which something is still there. */
  readonly remaining: readonly number[];
  /** Where a suspect has more of the network than before it was contained. */
  readonly warnings: readonly string[];
}

export interface ReleaseSummary {
  readonly exhibitId: string;
  readonly plans: readonly ReleasedPlan[];
}

/** Labels that an earlier release kept back are given back of one plan, by its name. */
function againHints(plans: readonly PlanHistory[], { readopt, plan }: ReleaseRequest): readonly string[] {
  if (!readopt || plan !== null) return [];
  return plans.map((one) => `exhibit release --readopt --plan ${one.plan}`).toReversed();
}

/** The plans that a release is about, the last one first. Throws `NOTHING_TO_RELEASE`, `USAGE_INVALID`. */
export function plansToRelease(plans: readonly PlanHistory[], request: ReleaseRequest): readonly PlanHistory[] {
  const named = request.plan === null ? plans : plans.filter(({ plan }) => plan === request.plan);
  const mayBeAgain = request.readopt && request.plan !== null;
  const meant = named.filter(({ steps }) => mayBeAgain || steps.some(isToBeUndone)).toReversed();
  const safe = 'Nothing was changed.';
  if (meant.length === 0) {
    throw new ExhibitError('NOTHING_TO_RELEASE', 'no containment of the case is still there', {
      ...(request.plan === null ? {} : { subject: request.plan }),
      hints: [...againHints(plans, request), 'exhibit case list'],
      safe,
    });
  }
  const numbers = [...(request.only ?? []), ...request.forced];
  if (numbers.length > 0 && meant.length > 1) {
    throw new ExhibitError('USAGE_INVALID', 'the case has several containments: whose steps are meant?', {
      hints: meant.map(({ plan }) => `exhibit release --plan ${plan}`),
      safe,
    });
  }
  const unknown = numbers.find((step) => meant[0]?.steps[step - 1] === undefined);
  if (unknown !== undefined)
    throw new ExhibitError('USAGE_INVALID', `the plan has no step ${String(unknown)}`, { safe });
  return meant;
}

/** The cloud that steps of plans are about; `null` = none is. */
export function cloudOf(plans: readonly PlanHistory[]): CloudName | null {
  const steps = plans.flatMap((plan) => plan.steps.map(({ planned }) => planned));
  return steps.find(isCloudStep)?.subject.cloud ?? null;
}

/** Throws `TARGET_REPLACED`: what was done on one cluster is not taken back on another. */
function assertCluster(plans: readonly PlanHistory[], clusterUid: string | null, server: string): void {
  const other = plans.find(
    ({ target }) => target.clusterUid !== null && clusterUid !== null && target.clusterUid !== clusterUid,
  );
  if (other === undefined) return;
  throw new ExhibitError(
    'TARGET_REPLACED',
    `the containment is on cluster ${other.target.clusterUid ?? ''}; this is ${clusterUid ?? ''}`,
    {
      subject: server,
      hints: ['kubectl config get-contexts'],
      safe: 'Nothing was changed.',
    },
  );
}

async function compare(planned: PlannedStep, plan: string, tools: PlanTools): Promise<Comparison> {
  const driver = driverOf(planned, plan, tools);
  const observed = await driver.read();
  const now = viewOf(observed);
  if (observed.state === 'unreadable') return { planned, state: 'unreadable', now };
  if (!driver.makes && observed.state !== 'there') return { planned, state: 'gone', now };
  return { planned, state: isSame(now, planned.before) ? 'as-before' : 'differs', now };
}

function say({ io }: Pick<QuarantineDeps, 'io'>, { planned, outcome, why, detail }: StepReport): void {
  const what = `step ${String(planned.step)} ${planned.name} of ${subjectName(planned.subject)}`;
  if (outcome === 'undo-failed') io.emit('RELEASE_CONFLICT', `${what}: ${why ?? ''}: ${detail}`);
  else io.emit('RELEASE_STEP', `${what}: ${outcome}`);
}

/**
 * Takes back what the containments of the case changed, in reverse, from the journal alone, and compares before with now. Throws
 * `NOTHING_TO_RELEASE`, `TARGET_REPLACED`, `USAGE_INVALID`, and as the ports and the records; the same command then goes on.
 */
export async function release(
  request: ReleaseRequest,
  record: ContainmentRecord,
  deps: QuarantineDeps,
): Promise<ReleaseSummary> {
  const { journal, exhibit } = record;
  const meant = plansToRelease(journal.plans, request);
  const clusterUid = await readClusterUid(deps.reader, deps.signal);
  assertCluster(meant, clusterUid, deps.reader.facts.server);
  await recordOpening(record, { clusterUid, ...namesOf(meant) }, deps);
  const { actuator, cloud = null, signal } = deps;
  const tools = { actuator, cloud };
  const onStep = (report: StepReport): void => say(deps, report);
  const plans: ReleasedPlan[] = [];
  for (const { plan, target } of meant) {
    const steps = await releasePlan(plan, request, { journal, ...tools, record: changesOf(exhibit), signal, onStep });
    const histories = journal.plan(plan)?.steps ?? [];
    const comparison: Comparison[] = [];
    for (const { planned, state } of histories)
      if (state !== 'planned') comparison.push(await compare(planned, plan, tools));
    const remaining = histories.filter(isToBeUndone).map(({ planned }) => planned.step);
    const warnings = await policiesAfterRelease(steps, deps.reader);
    for (const warning of warnings) deps.io.emit('RELEASE_RISK', warning);
    plans.push({ plan, target, steps, comparison, remaining, warnings });
    await exhibit.custody.append('side-effect', {
      ...{ kind: 'release', subject: target.name, outcome: remaining.length === 0 ? 'done' : 'left-behind' },
      detail: `plan ${plan}`,
      auditIds: [],
      after: {
        remaining,
        differs: comparison.filter((one) => one.state !== 'as-before').map((one) => one.planned.step),
        warnings: warnings.slice(0, MAX_TEXTS),
      },
    });
  }
  return { exhibitId: exhibit.exhibitId, plans };
}

function namesOf(plans: readonly PlanHistory[]): { readonly nodes: string[]; readonly pods: string[] } {
  const subjects = plans.flatMap(({ steps }) => steps.flatMap(({ planned }) => objectOf(planned) ?? []));
  const named = (resource: string): string[] =>
    [
      ...new Set(
        subjects
          .filter((one) => one.resource === resource)
          .map(({ namespace, name }) => (namespace === null ? name : `${namespace}/${name}`)),
      ),
    ].sort();
  return { nodes: named('nodes'), pods: named('pods') };
}
