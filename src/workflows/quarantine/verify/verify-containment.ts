import { sha256OfText } from '../../../evidence/post-seal/archive-at-hand.js';
import { asciiJson } from '../../../lib/ascii-json.js';
import { toRfc3339 } from '../../../lib/clock.js';
import type { PlannedStep } from '../../../model/action.js';
import type { PlanTools } from '../../../plan/step-driver.js';
import type { ActionRecord } from '../../../ports/action-record.js';
import type { Clock } from '../../../ports/clock.js';
import type { ClusterReader } from '../../../ports/cluster-reader.js';
import type { Io } from '../../../ports/io.js';
import type { Suspect } from '../read-scene.js';
import type { CheckRound, ContainmentEvidence, Flow } from './containment-check.js';
import { checkNetwork, flowsNow } from './check-network.js';
import { livePolicies, unevaluatedPolicies } from './live-policies.js';
import type { ProbeDestination } from './probe-destination.js';
import { recheckSteps } from './recheck-steps.js';
import type { Vantages } from './vantages.js';

/** Of one custody entry; the others are counted. */
const MAX_LISTED = 200;

export interface CheckRequest {
  /** Seconds after the last step, rising. */
  readonly recheckAtSeconds: readonly number[];
  readonly destinations: readonly ProbeDestination[];
}

export interface ContainmentChecks {
  readonly plan: string;
  readonly subject: string;
  readonly suspects: readonly Suspect[];
  readonly request: CheckRequest;
  /** An earlier run has begun the plan. */
  readonly isResumed?: boolean;
}

export interface CheckDeps {
  readonly reader: ClusterReader;
  readonly tools: PlanTools;
  readonly record: ActionRecord;
  /** `null` = no way to the nodes was asked for. */
  readonly vantages: Vantages | null;
  readonly clock: Clock;
  readonly io: Io;
  readonly signal: AbortSignal;
  readonly token: () => string;
  /** Rejects when it is told to end. */
  readonly pause: (ms: number) => Promise<unknown>;
}

/** As an entry of the custody log has them: the first of them, how many more, and the digest of all. */
function flowsEntry(flows: readonly Flow[] | null) {
  if (flows === null) return { flows, moreFlows: 0, flowsSha256: null };
  const moreFlows = Math.max(0, flows.length - MAX_LISTED);
  return { flows: flows.slice(0, MAX_LISTED), moreFlows, flowsSha256: sha256OfText(asciiJson(flows)) };
}

/**
 * What the suspects are connected with, before anything is changed by this run; it is in the custody log when this returns. Throws as the
 * records.
 */
export async function flowsBeforehand(
  { suspects, subject, isResumed = false }: ContainmentChecks,
  { vantages, signal, record, clock }: CheckDeps,
): Promise<readonly Flow[] | null> {
  if (vantages === null) return null;
  const flows = await flowsNow(suspects, { vantages, signal });
  const when = isResumed ? 'before the plan was gone on with' : 'before the first change';
  await record.effect({
    kind: 'containment-connections',
    subject,
    outcome: flows === null ? 'unknown' : 'done',
    detail: flows === null ? `${when}: not known` : when,
    auditIds: [],
    after: { at: toRfc3339(clock.nowMs()), ...flowsEntry(flows) },
  });
  return flows;
}

async function recordProbes({ subject, request }: ContainmentChecks, { record, vantages }: CheckDeps): Promise<void> {
  if (vantages === null) return;
  const named = request.destinations.map(({ address, port }) => ({ address, port }));
  await record.action({
    kind: 'containment-probe',
    subject,
    before: null,
    intended: {
      destinations: named,
      listeners: 'our own, in pods of ours and in the network namespaces of the suspects',
    },
    undo: 'none: each connection and each listener is closed after seconds',
    reversibility: 'exact',
  });
}

async function recordRound(round: CheckRound, { subject }: ContainmentChecks, { record, io }: CheckDeps) {
  const { afterSeconds, lost, probes, flows, ...rest } = round;
  const when = `${String(afterSeconds)} s after the last step`;
  io.emit('CONTAINMENT_CHECK', `${when}: ${String(lost.length)} steps do not hold, ${String(probes.length)} probes`);
  for (const { step, name, subject: what, state } of lost)
    io.emit('CONTAINMENT_PUT_BACK', `${when}: step ${String(step)} ${name} of ${what} does not hold: ${state}`);
  await record.effect({
    kind: 'containment-check',
    subject,
    outcome: 'done',
    detail: when,
    auditIds: [],
    after: {
      ...{ afterSeconds, ...rest },
      lost: lost.slice(0, MAX_LISTED),
      probes: probes.slice(0, MAX_LISTED),
      moreProbes: Math.max(0, probes.length - MAX_LISTED),
      ...flowsEntry(flows),
    },
  });
}

/** What a containment has come to. */
export interface DoneSteps {
  /** Those that are to hold. */
  readonly steps: readonly PlannedStep[];
  /** Texts on those that were not done. */
  readonly failures: readonly string[];
  /** Before the first change; `null` = not known. */
  readonly flowsBefore: readonly Flow[] | null;
  /** When the last one was done, as the clock's `monoUs`. */
  readonly endedUs: number;
}

async function look(
  afterSeconds: number,
  { checks, steps }: { readonly checks: ContainmentChecks; readonly steps: readonly PlannedStep[] },
  deps: CheckDeps,
): Promise<CheckRound> {
  const { reader, tools, clock, signal, token, vantages } = deps;
  const { plan, suspects, request } = checks;
  const lost = await recheckSteps(steps, { plan, tools });
  const live = await livePolicies(suspects, reader);
  const namespaces = [...new Set(suspects.map(({ namespace }) => namespace))];
  const unevaluated = suspects.length === 0 ? [] : await unevaluatedPolicies(namespaces, reader);
  const { destinations } = request;
  const network = await checkNetwork(live, { vantages, destinations, clock, signal, token });
  const policies = live.map(({ view }) => view);
  return { afterSeconds, at: toRfc3339(clock.nowMs()), lost, policies, unevaluated, ...network };
}

/**
 * Looks at a containment at once and at each of the times that were asked for: whether its steps still hold, what all policies together
 * say of the suspects, and what a connection out of them and into them comes to. Each look is written into the custody log. An
 * interruption ends the waiting: what was not looked at is then named. Throws as the records.
 */
export async function verifyContainment(
  checks: ContainmentChecks,
  done: DoneSteps,
  deps: CheckDeps,
): Promise<ContainmentEvidence> {
  const { clock, pause, signal } = deps;
  const { steps, failures, flowsBefore, endedUs } = done;
  const { recheckAtSeconds } = checks.request;
  const rounds: CheckRound[] = [];
  const isOver = (): boolean => signal.aborted;
  await recordProbes(checks, deps);
  for (const afterSeconds of [0, ...recheckAtSeconds]) {
    const leftMs = afterSeconds * 1000 - Math.floor((clock.monoUs() - endedUs) / 1000);
    if (leftMs > 0) await pause(leftMs).catch(() => undefined);
    if (isOver()) break;
    const round = await look(afterSeconds, { checks, steps }, deps);
    // A look that was interrupted proves nothing.
    if (isOver()) break;
    rounds.push(round);
    await recordRound(round, checks, deps);
  }
  const looked = new Set(rounds.map(({ afterSeconds }) => afterSeconds));
  const missedSeconds = [0, ...recheckAtSeconds].filter((seconds) => !looked.has(seconds));
  const names = checks.suspects.map(({ namespace, name }) => `${namespace}/${name}`);
  return { suspects: names, failures, rounds, flowsBefore, missedSeconds };
}
