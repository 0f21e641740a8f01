import { stringAt } from '../../lib/untyped.js';
import { subjectName, type PlanTarget } from '../../model/action.js';
import { applyPlan } from '../../plan/apply-plan.js';
import type { StepReport } from '../../plan/step-report.js';
import type { ClusterActuator } from '../../ports/cluster-actuator.js';
import type { Io } from '../../ports/io.js';
import { changesOf } from '../execute/open-ladder.js';
import { type ContainmentRecord, type OpeningDeps, recordOpening } from './containment-record.js';
import { assertRights, type PreparedQuarantine } from './prepare-quarantine.js';
import { pathOf, readList } from './read-cluster.js';
import { controllerOf } from './suspect-selector.js';

/** Texts that one custody entry holds; the others are counted. */
const MAX_TEXTS = 200;

export interface QuarantineDeps extends OpeningDeps {
  readonly actuator: ClusterActuator;
  readonly io: Io;
  readonly signal: AbortSignal;
}

/** A pod that the controller of a suspect made: not the suspect. */
export interface Replacement {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly node: string;
  readonly ownerUid: string;
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

/** Pods of the suspects' controllers that are no suspects and came after the plan. */
async function findReplacements(
  { scene }: PreparedQuarantine,
  { reader }: Pick<QuarantineDeps, 'reader'>,
  earlier: ReadonlySet<string>,
): Promise<readonly Replacement[]> {
  const owners = new Set(scene.suspects.flatMap(({ owner }) => owner?.uid ?? []));
  const found: Replacement[] = [];
  for (const namespace of new Set(scene.suspects.map((suspect) => suspect.namespace))) {
    for (const pod of await readList(reader, { path: pathOf('', 'namespaces', namespace, 'pods'), what: 'pods' })) {
      const at = (...path: string[]): string => stringAt(pod, ...path) ?? '';
      const ownerUid = controllerOf(pod)?.uid ?? '';
      const uid = at('metadata', 'uid');
      if (!owners.has(ownerUid) || earlier.has(uid)) continue;
      found.push({ namespace, name: at('metadata', 'name'), uid, node: at('spec', 'nodeName'), ownerUid });
    }
  }
  return found;
}

async function podsNow(
  { scene }: PreparedQuarantine,
  { reader }: Pick<QuarantineDeps, 'reader'>,
): Promise<Set<string>> {
  const uids = new Set<string>();
  for (const namespace of new Set(scene.suspects.map((suspect) => suspect.namespace))) {
    const pods = await readList(reader, { path: pathOf('', 'namespaces', namespace, 'pods'), what: 'pods' });
    for (const pod of pods) uids.add(stringAt(pod, 'metadata', 'uid') ?? '');
  }
  return uids;
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
  const { plan, target, steps, scene, foresight } = prepared;
  const { exhibit, journal } = record;
  const nodes = scene.nodes.map(({ name }) => name);
  const pods = scene.suspects.map(({ namespace, name }) => `${namespace}/${name}`);
  await recordOpening(record, { clusterUid: scene.clusterUid, nodes, pods }, deps);
  const earlier = await podsNow(prepared, deps);
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
  const replacements = await findReplacements(prepared, deps, earlier).catch(() => null);
  const reasons = [...failureReasons(reports), ...foresight.notAchieved];
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
