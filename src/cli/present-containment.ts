import type { JSONType, z } from 'zod';
import { asciiJson } from '../lib/ascii-json.js';
import { ExhibitError } from '../model/errors.js';
import { type PlannedStep, subjectName } from '../model/action.js';
import type { StepReport } from '../plan/step-report.js';
import type { StepState } from '../plan/plan-history.js';
import type { PreparedQuarantine, TriedStep } from '../workflows/quarantine/prepare-quarantine.js';
import type { QuarantineSummary } from '../workflows/quarantine/run-quarantine.js';
import { goneTexts, notInPlanTexts, type SincePlanned } from '../workflows/quarantine/since-planned.js';
import type { quarantinePlanResult, quarantineResult } from './results/containment-results.js';
import { checkOf, presentChecks } from './present-containment-checks.js';
import { renderFacts, renderTable } from './table.js';

/** Pods that a notice names; the others are counted. */
const MAX_NAMED = 10;

/** A step as the JSON documents have it. */
export function stepOf({ phase, step, name, kind, subject, reversibility, undo, before, intended }: PlannedStep) {
  return { step, name, kind, phase, subject, reversibility, undo, before, intended };
}

export function reportOf({ planned, outcome, why, detail, now }: StepReport) {
  return { ...stepOf(planned), outcome, why, detail, now: now as JSONType };
}

/** A view in one line. */
export function viewText(view: unknown): string {
  return view === null || view === undefined ? '-' : asciiJson(view);
}

/** For the terminal before it is confirmed: `step 2 cordon of nodes worker-3: {"unschedulable":true}`. */
export function stepSentence({ step, name, subject, intended, reversibility }: PlannedStep): string {
  return `step ${String(step)} ${name} of ${subjectName(subject)} (undo: ${reversibility}): ${viewText(intended)}`;
}

const STATES: Readonly<Partial<Record<StepState, 'not-begun' | 'begun' | 'done' | 'failed'>>> = {
  ...{ planned: 'not-begun', started: 'begun', done: 'done', failed: 'failed' },
};

function stateIn(states: readonly StepState[], { step }: PlannedStep) {
  const state = states[step - 1];
  return state === undefined ? null : (STATES[state] ?? 'begun');
}

export function quarantinePlan(prepared: PreparedQuarantine, said: ReadonlyMap<number, TriedStep>) {
  const { target, steps, foresight, cloudRights, isResumed, plan, since, states } = prepared;
  const ofCloud = cloudRights.map(({ action, allowed, detail }) => ({
    ...{ verb: action, resource: prepared.machines[0]?.instance?.cloud ?? '', allowed, why: detail },
  }));
  const rights = [...prepared.rights, ...ofCloud];
  return {
    ...{ target, resumes: isResumed ? plan : null, ...since },
    steps: steps.map((planned) => {
      const { holds = false, refusedBy = null } = said.get(planned.step) ?? {};
      return { ...stepOf(planned), state: stateIn(states, planned), holds, refusedBy };
    }),
    rights,
    ...foresight,
  } satisfies z.infer<typeof quarantinePlanResult>;
}

type Fact = readonly [string, readonly string[] | null];

function sinceFacts(since: SincePlanned, plan: string | null): readonly Fact[] {
  const listed = (texts: readonly string[]) => (texts.length === 0 ? null : texts);
  return [
    ['not in plan', listed(notInPlanTexts(since, plan ?? ''))],
    ['gone', listed(goneTexts(since, plan ?? ''))],
  ];
}

function serverSays({ holds, refusedBy }: z.infer<typeof quarantinePlanResult>['steps'][number]): string {
  if (holds) return 'is so already';
  return refusedBy === null ? 'would do it' : `refuses: ${refusedBy}`;
}

export function presentQuarantinePlan(result: z.infer<typeof quarantinePlanResult>): string {
  const { target, steps, rights, sideEffects, notAchieved, resumes } = result;
  const rows = steps.map((step) => [
    String(step.step),
    step.name,
    subjectName(step.subject),
    'cloud' in step.subject ? '-' : (step.subject.uid ?? 'made'),
    step.reversibility,
    viewText(step.before),
    viewText(step.intended),
    step.state ?? 'new',
    serverSays(step),
  ]);
  const headings = ['step', 'what', 'object', 'uid', 'undo', 'before', 'intended', 'journal', 'the server'];
  const answer = (allowed: boolean | null): string => (allowed === null ? 'not known' : allowed ? 'yes' : 'NO');
  const facts = renderFacts([
    ['target', target.name],
    ['plan', resumes === null ? 'a new one' : `${resumes} of the case, which the command goes on with`],
    ...sinceFacts(result, resumes),
    ['level', target.level],
    ['rights', rights.map(({ verb, resource, allowed }) => `${verb} ${resource}: ${answer(allowed)}`)],
    ['side effects', sideEffects],
    ['not achieved', notAchieved],
    ['undo', [...new Set(steps.map(({ name, undo }) => `${name}: ${undo}`))]],
  ]);
  return `${facts}\n\n${renderTable(headings, rows)}`;
}

export function quarantineDocument(caseId: string, summary: QuarantineSummary): z.infer<typeof quarantineResult> {
  const { steps, checks, ...rest } = summary;
  return { case: caseId, ...rest, checks: checks.map(checkOf), steps: steps.map(reportOf) };
}

export function presentReports(reports: z.infer<typeof quarantineResult>['steps']): string {
  const rows = reports.map(({ step, name, subject, outcome, why, detail }) => [
    ...[String(step), name, subjectName(subject), outcome],
    why === null ? '-' : `${why}: ${detail}`,
  ]);
  return renderTable(['step', 'what', 'object', 'became', 'why'], rows);
}

export function presentQuarantine(result: z.infer<typeof quarantineResult>): string {
  const { verdict, target, plan, exhibitId, reasons, replacements, steps } = result;
  const made = replacements?.map(
    ({ namespace, name, uid, node }) => `${namespace}/${name} (${uid}) on ${node}: not the suspect`,
  ) ?? ['could not be listed'];
  const facts = renderFacts([
    ['containment', verdict],
    ['because', reasons],
    ...presentChecks(result.checks),
    ['not achieved', result.notAchieved],
    ['target', target.name],
    ['plan', plan],
    ...sinceFacts(result, plan),
    ['exhibit', exhibitId],
    ['replacements', made.length === 0 ? 'none seen yet' : made],
  ]);
  return `${facts}\n\n${presentReports(steps)}`;
}

/**
 * What stderr says when not every step was done, or not every pod that matches is in the plan; `null` = neither. `ownPlan`: the command that
 * makes a plan of the pods that are not in this one.
 */
export function quarantineNotice(
  { steps, target, plan, notInPlan }: z.infer<typeof quarantineResult>,
  ownPlan: string | null,
): ExhibitError | null {
  const failed = steps.filter(({ outcome }) => outcome === 'failed').map(({ step, name }) => `${String(step)} ${name}`);
  // That a controller makes another pod is expected, and was told.
  const others = notInPlan.filter(({ isReplacement }) => !isReplacement);
  const what = [
    ...(failed.length === 0 ? [] : [`these steps were not done: ${failed.join(', ')}`]),
    ...(others.length === 0 ? [] : [`pods match and are not in plan ${plan}: ${podNames(others)}`]),
  ];
  if (what.length === 0) return null;
  return new ExhibitError(failed.length > 0 ? 'QUARANTINE_PARTIAL' : 'SUSPECTS_NOT_IN_PLAN', what.join('; '), {
    subject: target.name,
    hints: [...(others.length === 0 || ownPlan === null ? [] : [ownPlan]), `exhibit release --plan ${plan}`],
    safe: 'What was done is in the journal with its way back.',
  });
}

function podNames(pods: z.infer<typeof quarantineResult>['notInPlan']): string {
  const names = pods.slice(0, MAX_NAMED).map(({ namespace, name }) => `${namespace}/${name}`);
  const more = pods.length - names.length;
  return [...names, ...(more === 0 ? [] : [`${String(more)} more`])].join(', ');
}
