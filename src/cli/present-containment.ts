import type { JSONType, z } from 'zod';
import { asciiJson } from '../lib/ascii-json.js';
import { ExhibitError } from '../model/errors.js';
import { type PlannedStep, subjectName } from '../model/action.js';
import type { StepReport } from '../plan/step-report.js';
import type { PreparedQuarantine } from '../workflows/quarantine/prepare-quarantine.js';
import type { QuarantineSummary } from '../workflows/quarantine/run-quarantine.js';
import type { quarantinePlanResult, quarantineResult } from './results/containment-results.js';
import { checkOf, presentChecks } from './present-containment-checks.js';
import { renderFacts, renderTable } from './table.js';

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

export function quarantinePlan(prepared: PreparedQuarantine, said: ReadonlyMap<number, string | null>) {
  const { target, steps, foresight, cloudRights } = prepared;
  const ofCloud = cloudRights.map(({ action, allowed, detail }) => ({
    ...{ verb: action, resource: prepared.machines[0]?.instance?.cloud ?? '', allowed, why: detail },
  }));
  const rights = [...prepared.rights, ...ofCloud];
  return {
    target,
    steps: steps.map((planned) => ({ ...stepOf(planned), refusedBy: said.get(planned.step) ?? null })),
    rights,
    ...foresight,
  } satisfies z.infer<typeof quarantinePlanResult>;
}

export function presentQuarantinePlan({
  target,
  steps,
  rights,
  sideEffects,
  notAchieved,
}: z.infer<typeof quarantinePlanResult>): string {
  const rows = steps.map((step) => [
    String(step.step),
    step.name,
    subjectName(step.subject),
    'cloud' in step.subject ? '-' : (step.subject.uid ?? 'made'),
    step.reversibility,
    viewText(step.before),
    viewText(step.intended),
    step.refusedBy === null ? 'would do it' : `refuses: ${step.refusedBy}`,
  ]);
  const headings = ['step', 'what', 'object', 'uid', 'undo', 'before', 'intended', 'the server'];
  const answer = (allowed: boolean | null): string => (allowed === null ? 'not known' : allowed ? 'yes' : 'NO');
  const facts = renderFacts([
    ['target', target.name],
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
    ['exhibit', exhibitId],
    ['replacements', made.length === 0 ? 'none seen yet' : made],
  ]);
  return `${facts}\n\n${presentReports(steps)}`;
}

/** What stderr says when not every step was done; `null` when all were. */
export function quarantineNotice({ steps, target, plan }: z.infer<typeof quarantineResult>): ExhibitError | null {
  const failed = steps.filter(({ outcome }) => outcome === 'failed');
  if (failed.length === 0) return null;
  const names = failed.map(({ step, name }) => `${String(step)} ${name}`).join(', ');
  return new ExhibitError('QUARANTINE_PARTIAL', `these steps were not done: ${names}`, {
    subject: target.name,
    hints: [`exhibit release --plan ${plan}`],
    safe: 'What was done is in the journal with its way back.',
  });
}
