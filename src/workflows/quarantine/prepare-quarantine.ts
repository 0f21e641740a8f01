import { subjectName, type PlannedStep, type PlanTarget } from '../../model/action.js';
import type { Authority } from '../../model/case.js';
import { ExhibitError } from '../../model/errors.js';
import type { PlanHistory } from '../../plan/plan-history.js';
import { tryStep } from '../../plan/apply-step.js';
import { isToBeUndone } from '../../plan/release-plan.js';
import type { ClusterActuator } from '../../ports/cluster-actuator.js';
import type { ClusterReader } from '../../ports/cluster-reader.js';
import { asciiJson } from '../../lib/ascii-json.js';
import { type ReviewedRight, reviewRights } from '../review-rights.js';
import { foresee, type Foresight } from './foresee.js';
import { planHold } from './plan-hold.js';
import type { QuarantineRequest } from './quarantine-request.js';
import { asPlanned, plannedSuspect } from './planned-suspect.js';
import { readScene, type Scene } from './read-scene.js';
import { type OwnMachine, refuseTarget } from './refuse-target.js';
import type { SuspectSelector } from './suspect-selector.js';
import { rightsOf } from './step-rights.js';

export interface PrepareDeps {
  readonly reader: ClusterReader;
  readonly actuator: ClusterActuator;
  readonly signal: AbortSignal;
  readonly own: OwnMachine;
  readonly authority: Authority;
  readonly caseToken: string;
  /** Of a new plan. */
  readonly plan: string;
  /** Plans that the case has made. */
  readonly earlier: readonly PlanHistory[];
}

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
  readonly rights: readonly ReviewedRight[];
  readonly foresight: Foresight;
}

/** The same request is the same text. */
function askedOf({ target, names, suspects, skip }: QuarantineRequest): string {
  return asciiJson({ target, names, suspects, skip });
}

function targetOf(request: QuarantineRequest, scene: Scene): PlanTarget {
  const { target, names } = request;
  const suspects = scene.suspects.map(({ namespace, name }) => `${namespace}/${name}`).sort();
  const uids = [...scene.nodes.map(({ uid }) => uid), ...scene.suspects.map(({ uid }) => uid)].sort();
  const named = target === 'node' ? names : suspects;
  const { clusterUid } = scene;
  return {
    name: `${target} ${named.join(', ')}`,
    ...{ uids, clusterUid, level: 'hold', asked: askedOf(request) },
    suspects: scene.suspects.map(plannedSuspect),
  };
}

function isActive({ steps }: PlanHistory): boolean {
  return steps.some(isToBeUndone) || steps.every(({ state }) => state === 'planned');
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
function suspectsOf({ steps }: PlanHistory): readonly SuspectSelector[] {
  const pods = steps.map(({ planned }) => planned.subject).filter(({ resource }) => resource === 'pods');
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
  const live = await readScene({ ...request, suspects: suspectsOf(known) }, { cluster, signal, mayMiss: true });
  const scene = asPlanned(live, known.target);
  assertSameCluster(known, scene);
  assertSameNodes(known, scene);
  const steps = known.steps.map(({ planned }) => planned);
  return { plan: known.plan, isResumed: true, target: known.target, scene, steps };
}

async function begin(request: QuarantineRequest, deps: PrepareDeps) {
  const { reader: cluster, signal, caseToken, plan } = deps;
  const scene = await readScene(request, { cluster, signal, mayMiss: false });
  const steps = planHold(request, scene, { caseToken, plan });
  return { plan, isResumed: false, target: targetOf(request, scene), scene, steps };
}

/**
 * Reads what a plan needs to know, makes it, and asks whether each right is there; where the case has begun the same one, goes on with
 * that. Throws `TARGET_GONE`, `TARGET_REPLACED`, `TARGET_PROTECTED`, `LIMIT_OF_AUTHORITY`, `USAGE_INVALID`, `CLUSTER_FORBIDDEN`,
 * `CLUSTER_PROTOCOL` and as the ports.
 */
export async function prepareQuarantine(request: QuarantineRequest, deps: PrepareDeps): Promise<PreparedQuarantine> {
  const { reader, own, authority, caseToken } = deps;
  const known = deps.earlier.find((one) => isActive(one) && one.target.asked === askedOf(request));
  if (known !== undefined) assertNotReleasing(known);
  const found = known === undefined ? await begin(request, deps) : await goOn(known, request, deps);
  refuseTarget(found.scene, request, { own, authority });
  return {
    ...found,
    confirmWord: found.target.name.slice(request.target.length + 1),
    rights: await reviewRights(reader, rightsOf(found.steps)),
    foresight: foresee(found.scene, found.steps, caseToken),
  };
}

/** What the server would say of each step, admissions included, by its number; `null` = it would do it. Nothing is changed. */
export async function tryQuarantine(
  { steps }: PreparedQuarantine,
  { actuator }: Pick<PrepareDeps, 'actuator'>,
): Promise<ReadonlyMap<number, string | null>> {
  const said = new Map<number, string | null>();
  for (const planned of steps) said.set(planned.step, await tryStep(planned, actuator));
  return said;
}

/** Nobody begins what they could not finish or take back. Throws `CLUSTER_FORBIDDEN` with every right that is missing. */
export function assertRights({ rights, steps }: PreparedQuarantine): void {
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
