import type { Io } from '../ports/io.js';
import type { CollectionPlan } from '../workflows/plan-collection.js';
import { askRights } from '../workflows/review-rights.js';
import { renderMissingRbac } from '../workflows/doctor/missing-rbac.js';
import { assertRights, type PreparedQuarantine } from '../workflows/quarantine/prepare-quarantine.js';
import { rightsOf } from '../workflows/quarantine/step-rights.js';
import { PHASE_TEXTS } from '../workflows/respond/phase-log.js';
import { type Phase, PHASES, type RespondRequest } from '../workflows/respond/respond-state.js';
import { goneTexts, notInPlanTexts } from '../workflows/quarantine/since-planned.js';
import { stepSentence } from './present-containment.js';
import { renderAbout } from './quantities.js';
import type { RespondTools } from './respond-tools.js';

const MAX_SAID = 50;

function tiersText({ steps }: CollectionPlan, isVolatile: boolean): string {
  const count = steps.reduce((sum, { tier, artifacts }) => sum + (tier < 'V4' === isVolatile ? artifacts : 0), 0);
  return `${String(count)} artifacts are known beforehand`;
}

function phaseText(phase: Phase, collection: CollectionPlan, { containAfterMs, order, cloud }: RespondRequest): string {
  if (phase === 'volatile') return `; ${tiersText(collection, true)}`;
  if (phase === 'rest') return `; ${tiersText(collection, false)}`;
  if (phase === 'snapshot' && cloud === null) return '; left out, no cloud was named';
  if (phase !== 'contain') return '';
  if (order === 'contain-first') return '; before the volatile tiers';
  return containAfterMs === 0 ? '; at once' : `; ${renderAbout(containAfterMs)} after the confirmation at the latest`;
}

interface Shown {
  readonly prepared: PreparedQuarantine;
  readonly collection: CollectionPlan;
  readonly request: RespondRequest;
}

function showPhases({ prepared, collection, request }: Shown, io: Io): void {
  const { steps } = prepared;
  for (const [at, phase] of PHASES.entries()) {
    const text = `phase ${String(at + 1)}, ${phase}: ${PHASE_TEXTS[phase]}${phaseText(phase, collection, request)}`;
    io.emit('RESPOND_PLAN', text);
    const own = steps.filter((step) => phase === (step.phase === 'protect' ? 'protect' : 'contain'));
    for (const step of own.slice(0, MAX_SAID)) io.emit('CONTAINMENT_PLAN', `  ${stepSentence(step)}`);
    if (own.length > MAX_SAID) io.emit('CONTAINMENT_PLAN', `  ... and ${String(own.length - MAX_SAID)} more steps`);
  }
}

/** The plan of a response on the screen: targets, phases with their steps, side effects, and what it does not achieve. */
export function showResponse(shown: Shown, server: string, io: Io): void {
  const { scene, target, foresight, isResumed, plan, since } = shown.prepared;
  const suspects = scene.suspects.map(({ namespace, name, uid }) => `${namespace}/${name} (${uid})`);
  io.emit('RESPOND_PLAN', `target: ${target.name} on ${server}`);
  for (const { name, uid } of scene.nodes) io.emit('RESPOND_PLAN', `node: ${name} (${uid})`);
  for (const text of suspects.slice(0, MAX_SAID)) io.emit('RESPOND_PLAN', `suspect: ${text}`);
  if (suspects.length > MAX_SAID)
    io.emit('RESPOND_PLAN', `... and ${String(suspects.length - MAX_SAID)} more suspects`);
  if (suspects.length === 0) io.emit('RESPOND_PLAN', 'suspects: none were named; no pod is taken from its network');
  if (isResumed) io.emit('CONTAINMENT_RESUMED', `plan ${plan} of the case is gone on with`);
  for (const text of [...notInPlanTexts(since, plan), ...goneTexts(since, plan)].slice(0, MAX_SAID))
    io.emit('CONTAINMENT_SINCE', text);
  showPhases(shown, io);
  for (const text of foresight.sideEffects.slice(0, MAX_SAID)) io.emit('CONTAINMENT_PLAN', `side effect: ${text}`);
  for (const text of foresight.notAchieved.slice(0, MAX_SAID)) io.emit('CONTAINMENT_LIMIT', text);
  const denied = shown.collection.rights.filter(({ allowed }) => allowed === false);
  for (const { verb, resource } of denied.slice(0, MAX_SAID))
    io.emit('RESPOND_MAY_NOT', `may not ${verb} ${resource}: what it would give is a gap`);
}

/** Names the rights that a containment lacks, with the manifest that grants them. Throws `CLUSTER_FORBIDDEN`, `PLATFORM_DENIED`. */
export async function assertMayContain(
  prepared: PreparedQuarantine,
  { reader }: Pick<RespondTools, 'reader'>,
  { username, io }: { readonly username: string | null; readonly io: Io },
): Promise<void> {
  try {
    assertRights(prepared);
  } catch (error) {
    const { answers } = await askRights(reader, rightsOf(prepared.steps));
    const manifest = renderMissingRbac(answers, { username: username ?? 'NAME' });
    for (const line of manifest?.trimEnd().split('\n') ?? []) io.emit('RESPOND_MANIFEST', line);
    throw error;
  }
}
