import { isCloudStep, objectOf, subjectName, type PlannedStep, type PlanTarget } from '../../model/action.js';
import type { Authority } from '../../model/case.js';
import { ExhibitError } from '../../model/errors.js';
import type { PlanHistory, StepState } from '../../plan/plan-history.js';
import { checkStep, tryStep } from '../../plan/apply-step.js';
import { isToBeUndone } from '../../plan/release-plan.js';
import type { PlanTools } from '../../plan/step-driver.js';
import type { Clock } from '../../ports/clock.js';
import type { CloudRight, Platform } from '../../ports/platform.js';
import type { ClusterActuator } from '../../ports/cluster-actuator.js';
import type { ClusterReader } from '../../ports/cluster-reader.js';
import { asciiJson } from '../../lib/ascii-json.js';
import { toRfc3339 } from '../../lib/clock.js';
import { type ReviewedRight, reviewRights } from '../review-rights.js';
import { foresee, type Foresight } from './foresee.js';
import { foreseeLimits } from './foresee-limits.js';
import { foreseeMachines } from './foresee-machines.js';
import { type Machine, readMachines, refuseLevel } from './machines.js';
import { machineRights } from './machine-rights.js';
import { planSteps } from './plan-steps.js';
import type { QuarantineRequest } from './quarantine-request.js';
import { asPlanned, plannedSuspects } from './planned-suspect.js';
import { readScene, type Scene } from './read-scene.js';
import { refuseLoss, refuseOpenShift, refuseUnreachable } from './refuse-level.js';
import { type OwnMachine, refuseTarget } from './refuse-target.js';
import { NOTHING_SINCE, type SincePlanned, sincePlanned } from './since-planned.js';
import { foreseeShift } from './shift/foresee-shift.js';
import { type Bystander, readBystanders } from './shift/read-bystanders.js';
import { shiftObjection } from './shift/shift-objection.js';
import type { SuspectSelector } from './suspect-selector.js';
import { rightsOf } from './step-rights.js';

export interface PrepareDeps {
  readonly reader: ClusterReader;
  readonly actuator: ClusterActuator;
  /** Of the cloud that was given; left out = none. */
  readonly platform?: Platform | null;
  /** Nodes of which the open exhibit has what vanishes; left out = none. */
  readonly volatileTaken?: (nodes: readonly string[]) => Promise<ReadonlySet<string>>;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly signal: AbortSignal;
  readonly own: OwnMachine;
  readonly authority: Authority;
  readonly caseToken: string;
  /** Of a new plan. */
  readonly plan: string;
  /** Plans that the case has made. */
  readonly earlier: readonly PlanHistory[];
}

/** Sessions that are opened while the plan is done are denied with those that were open, of the severed machine alone. */
const DENIED_AHEAD_MS = 24 * 60 * 60 * 1000;

/** A containment that is ready to be confirmed; nothing was changed. */
export interface PreparedQuarantine {
  readonly plan: string;
  /** The case has begun this very containment before: its plan is gone on with. */
  readonly isResumed: boolean;
  readonly target: PlanTarget;
  /** What must be typed, or given with --confirm. */
  readonly confirmWord: string;
  readonly scene: Scene;
  readonly steps: readonly PlannedStep[];
  /** Of each step by the journal, where the plan is gone on with; else empty. */
  readonly states: readonly StepState[];
  /** Who came and went since the plan was made. */
  readonly since: SincePlanned;
  readonly rights: readonly ReviewedRight[];
  readonly cloudRights: readonly CloudRight[];
  /** Of the nodes, in the cloud that was given. */
  readonly machines: readonly Machine[];
  readonly foresight: Foresight;
  /** Asked before each write. */
  readonly objection: NonNullable<PlanTools['objection']>;
}

/** The same request is the same text. What is left at its default is not in it, so that plans of earlier versions are found. */
function askedOf(request: QuarantineRequest): string {
  const {
    target,
    names,
    suspects,
    skip,
    level = 'hold',
    order = 'preserve-first',
    cloud,
    keepReachable = [],
  } = request;
  const { suspendScaling, shiftOthers } = request;
  const switches = Object.entries({ suspendScaling, shiftOthers }).filter(([, isOn]) => isOn === true);
  return asciiJson({
    ...{ target, names, suspects, skip },
    ...(level === 'hold' ? {} : { level }),
    ...(order === 'preserve-first' ? {} : { order }),
    ...(cloud === undefined || cloud === null ? {} : { cloud }),
    ...(keepReachable.length === 0 ? {} : { keepReachable }),
    ...Object.fromEntries(switches),
  });
}

function targetOf(request: QuarantineRequest, scene: Scene, steps: readonly PlannedStep[]): PlanTarget {
  const { target, names } = request;
  const suspects = scene.suspects.map(({ namespace, name }) => `${namespace}/${name}`).sort();
  const uids = [...scene.nodes.map(({ uid }) => uid), ...scene.suspects.map(({ uid }) => uid)].sort();
  const named = target === 'node' ? names : suspects;
  const { clusterUid } = scene;
  return {
    name: `${target} ${named.join(', ')}`,
    ...{ uids, clusterUid, level: request.level ?? 'hold', asked: askedOf(request) },
    suspects: plannedSuspects(scene, steps),
  };
}

/** One without a step changes nothing, and stands in nobody's way. */
function isActive({ steps }: PlanHistory): boolean {
  return steps.some(isToBeUndone) || (steps.length > 0 && steps.every(({ state }) => state === 'planned'));
}

/** What is half taken back is neither gone on with nor begun anew beside it. */
function assertNotReleasing({ plan, steps }: PlanHistory): void {
  if (!steps.some(({ state }) => state === 'undone' || state === 'undoing' || state === 'undo-failed')) return;
  throw new ExhibitError(
    'USAGE_INVALID',
    `the release of this containment was begun and is not at its end: plan ${plan}`,
    {
      subject: plan,
      hints: [`exhibit release --plan ${plan}`],
      safe: 'Nothing was changed.',
    },
  );
}

/** The suspects of a plan by name: what chose them may have been taken from them by the plan itself. */
function suspectsOf({ steps, target: { suspects = [] } }: PlanHistory): readonly SuspectSelector[] {
  const objects = steps.flatMap(({ planned }) => (planned.kind === 'evict-pod' ? [] : (objectOf(planned) ?? [])));
  const pods = [...suspects, ...objects.filter(({ resource }) => resource === 'pods')];
  const names = new Map(pods.map(({ namespace, name }) => [`${namespace ?? ''}/${name}`, { namespace, name }]));
  return [...names.values()].map(({ namespace, name }) => ({ by: 'name', namespace: namespace ?? '', name }));
}

function assertSameCluster({ target, plan }: PlanHistory, { clusterUid }: Scene): void {
  if (target.clusterUid === null || clusterUid === null || target.clusterUid === clusterUid) return;
  throw new ExhibitError(
    'TARGET_REPLACED',
    `plan ${plan} is about cluster ${target.clusterUid}; this is ${clusterUid}`,
    {
      subject: plan,
      hints: ['kubectl config get-contexts'],
      safe: 'Nothing was changed.',
    },
  );
}

function assertSameNodes({ target, plan }: PlanHistory, { nodes }: Scene): void {
  const other = nodes.find(({ uid }) => !target.uids.includes(uid));
  if (other === undefined) return;
  throw new ExhibitError('TARGET_REPLACED', `plan ${plan} is about another node of the name ${other.name}`, {
    subject: other.name,
    hints: [`exhibit release --plan ${plan}`],
    safe: 'Nothing was changed.',
  });
}

/** A plan of the case that is gone on with, and what it finds. */
async function goOn(known: PlanHistory, request: QuarantineRequest, deps: PrepareDeps) {
  const { reader: cluster, signal } = deps;
  const uids = new Set(known.target.uids);
  const reading = { cluster, signal, mayMiss: true, uids };
  const live = await readScene({ ...request, suspects: suspectsOf(known) }, reading);
  const scene = asPlanned(live, known.target);
  assertSameCluster(known, scene);
  assertSameNodes(known, scene);
  const steps = known.steps.map(({ planned }) => planned);
  const machines = await readMachines(scene.nodes, { ...request, level: 'hold' }, deps.platform ?? null);
  const since = await sincePlanned(known.target, request, reading);
  const states = known.steps.map(({ state }) => state);
  const bystanders = await bystandersOf(request, scene, deps);
  const going = { plan: known.plan, isResumed: true, target: known.target, since, states };
  return { ...going, scene, machines, steps, bystanders };
}

/** None where they are not to be moved. */
async function bystandersOf(
  { shiftOthers = false }: QuarantineRequest,
  scene: Scene,
  { reader: cluster, authority }: PrepareDeps,
): Promise<readonly Bystander[]> {
  return shiftOthers ? await readBystanders(scene, { cluster, authority }) : [];
}

async function begin(request: QuarantineRequest, deps: PrepareDeps) {
  const { reader: cluster, signal, caseToken, plan, platform = null, clock } = deps;
  const scene = await readScene(request, { cluster, signal, mayMiss: false });
  const machines = await readMachines(scene.nodes, request, platform);
  refuseUnreachable(request, machines);
  const deniedBefore = toRfc3339(clock.nowMs() + DENIED_AHEAD_MS);
  const bystanders = await bystandersOf(request, scene, deps);
  const steps = planSteps(request, { scene, machines, bystanders }, { caseToken, plan, deniedBefore });
  const target = targetOf(request, scene, steps);
  const fresh = { plan, isResumed: false, target, since: NOTHING_SINCE, states: [] };
  return { ...fresh, scene, machines, steps, bystanders };
}

function together(parts: readonly Foresight[]): Foresight {
  return {
    sideEffects: parts.flatMap(({ sideEffects }) => sideEffects),
    notAchieved: parts.flatMap(({ notAchieved }) => notAchieved),
  };
}

/**
 * Reads what a plan needs to know, makes it, and asks whether each right is there; where the case has begun the same one, goes on with
 * that. Throws `TARGET_GONE`, `TARGET_REPLACED`, `TARGET_PROTECTED`, `LIMIT_OF_AUTHORITY`, `VOLATILE_NOT_TAKEN`, `USAGE_INVALID`,
 * `CLUSTER_FORBIDDEN`, `CLUSTER_PROTOCOL`, `PLATFORM_UNSUITABLE` and as the ports.
 */
export async function prepareQuarantine(request: QuarantineRequest, deps: PrepareDeps): Promise<PreparedQuarantine> {
  const { reader, own, authority, caseToken, platform = null, clock } = deps;
  refuseLevel(request, platform);
  refuseOpenShift(request);
  const known = deps.earlier.find((one) => isActive(one) && one.target.asked === askedOf(request));
  if (known !== undefined) assertNotReleasing(known);
  const found = known === undefined ? await begin(request, deps) : await goOn(known, request, deps);
  refuseTarget(found.scene, request, { own, authority, nowMs: clock.nowMs() });
  const nodes = found.scene.nodes.map(({ name }) => name);
  const suspected = new Set(found.since.notInPlan.map(({ uid }) => uid));
  refuseLoss(request, found.scene, (await deps.volatileTaken?.(nodes)) ?? new Set());
  return {
    ...found,
    objection: shiftObjection({ cluster: reader, authority, nodes: new Set(nodes), suspected, signal: deps.signal }),
    confirmWord: found.target.name.slice(request.target.length + 1),
    rights: await reviewRights(reader, rightsOf(found.steps)),
    cloudRights: await machineRights(found, platform),
    foresight: together([
      foresee(found.scene, found.steps, caseToken),
      foreseeMachines(found.machines, found.steps, request),
      foreseeLimits(found.steps, authority),
      foreseeShift(found.steps, found.bystanders),
    ]),
  };
}

export interface TriedStep {
  /** It is as the step wants it: nothing would be written. */
  readonly holds: boolean;
  /** `null` = the server would do it. */
  readonly refusedBy: string | null;
}

/** What the server would say of each step, admissions included, by its number. Nothing is changed. */
export async function tryQuarantine(
  { plan, steps, objection }: PreparedQuarantine,
  { actuator, platform = null, caseToken }: Pick<PrepareDeps, 'actuator' | 'platform' | 'caseToken'>,
): Promise<ReadonlyMap<number, TriedStep>> {
  const cloud = platform === null ? null : { actuator: platform.actuator, caseToken };
  const tools = { actuator, cloud, objection };
  const said = new Map<number, TriedStep>();
  for (const planned of steps) {
    const { holds } = await checkStep(planned, plan, tools);
    said.set(planned.step, { holds, refusedBy: holds ? null : await tryStep(planned, plan, tools) });
  }
  return said;
}

function assertCloudRights({ cloudRights, steps }: PreparedQuarantine): void {
  const missing = cloudRights.filter(({ allowed }) => allowed === false);
  if (missing.length === 0) return;
  const names = missing.map(({ action, detail }) => (detail === '' ? action : `${action} (${detail})`)).join(', ');
  throw new ExhibitError('PLATFORM_DENIED', `rights to do the plan, or to take it back, are missing: ${names}`, {
    subject: steps.filter(isCloudStep).map(({ subject }) => subjectName(subject))[0] ?? '',
    hints: ['Leave steps out with --skip STEP', 'Leave the cloud out: repeat the command without --cloud'],
    safe: 'Nothing was changed.',
  });
}

/** Nobody begins what they could not finish or take back. Throws `CLUSTER_FORBIDDEN`, `PLATFORM_DENIED` with every right that is missing. */
export function assertRights(prepared: PreparedQuarantine): void {
  assertCloudRights(prepared);
  const { rights, steps } = prepared;
  const missing = rights.filter(({ allowed }) => allowed === false);
  if (missing.length === 0) return;
  const names = missing.map(({ verb, resource }) => `${verb} ${resource}`).join(', ');
  throw new ExhibitError('CLUSTER_FORBIDDEN', `rights to do the plan, or to take it back, are missing: ${names}`, {
    subject: steps.map(({ subject }) => subjectName(subject))[0] ?? '',
    hints: [
      ...missing.slice(0, 3).map(({ verb, resource }) => `kubectl auth can-i ${verb} ${resource.split(' ')[0] ?? ''}`),
      'Leave steps out with --skip STEP',
    ],
    safe: 'Nothing was changed.',
  });
}
