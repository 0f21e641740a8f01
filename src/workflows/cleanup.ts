import { setTimeout as pause } from 'node:timers/promises';
import type { ActionRecord } from '../ports/action-record.js';
import type { Clock } from '../ports/clock.js';
import type { ActuateAnswer, ClusterActuator } from '../ports/cluster-actuator.js';
import type { ClusterReader } from '../ports/cluster-reader.js';
import { findOurs, type OurObject, type OurObjects, type UnreadList } from './find-ours.js';

/** A namespace needs its controller to go through everything in it. */
const GONE_WITHIN_MS = 60_000;
const LOOK_EVERY_MS = 1000;

export interface CleanupRequest {
  /** `null` = of any case. */
  readonly caseToken: string | null;
}

export interface CleanupDeps {
  readonly reader: Pick<ClusterReader, 'list' | 'facts'>;
  readonly actuator: ClusterActuator;
  /** Where the removals are written down, before and after; `null` = there is no open exhibit to write them into. */
  readonly record: ActionRecord | null;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

export type CleanupVerdict = 'nothing-left' | 'left' | 'unproven';

export interface CleanupSummary {
  readonly server: string;
  readonly case: string | null;
  /** What was there at the beginning. */
  readonly found: readonly OurObject[];
  /** What is there at the end. */
  readonly left: readonly OurObject[];
  /** With the label of the case, and not of our making: left alone. */
  readonly foreign: readonly OurObject[];
  readonly unread: readonly UnreadList[];
  /** Why the cluster kept something, in its own words. */
  readonly refused: readonly { readonly object: string; readonly message: string }[];
  readonly verdict: CleanupVerdict;
}

/** For people and records: `pods exhibit-collector/exhibit-k7m2p9-abcdefgh`. */
export function nameOf({ resource, namespace, name }: OurObject): string {
  return `${resource} ${namespace === null ? name : `${namespace}/${name}`}`;
}

function summaryOf(
  { caseToken }: CleanupRequest,
  { reader }: Pick<CleanupDeps, 'reader'>,
  seen: { found: readonly OurObject[]; now: OurObjects; refused: CleanupSummary['refused'] },
): CleanupSummary {
  const { found: left, foreign, unread } = seen.now;
  const verdict = left.length > 0 ? 'left' : unread.length > 0 ? 'unproven' : 'nothing-left';
  return {
    server: reader.facts.server,
    case: caseToken,
    found: seen.found,
    left,
    foreign,
    unread,
    refused: seen.refused,
    verdict,
  };
}

/** Lists what is left of a case in the cluster, and changes nothing. */
export async function verifyCleanup(
  request: CleanupRequest,
  deps: Pick<CleanupDeps, 'reader' | 'signal'>,
): Promise<CleanupSummary> {
  const now = await findOurs(deps.reader, request.caseToken, deps.signal);
  return summaryOf(request, deps, { found: now.found, now, refused: [] });
}

function refusalIn(answer: ActuateAnswer): string | null {
  if (answer.outcome === 'refused' && answer.refusal.kind !== 'not-found') return answer.refusal.message;
  return null;
}

async function remove(object: OurObject, { actuator, record, signal }: CleanupDeps): Promise<string | null> {
  const subject = nameOf(object);
  const { group, version, resource, namespace, name, uid } = object;
  const kind = `remove-${resource}`;
  const undo = 'none: the object served the collection alone';
  await record?.action({ kind, subject, before: { ...object }, intended: null, undo, reversibility: 'irreversible' });
  const answer = await actuator.delete({ group, version, resource, namespace, name }, { uid, signal });
  const refused = refusalIn(answer);
  await record?.effect({
    kind,
    subject,
    outcome: refused !== null ? 'refused' : answer.outcome === 'unknown' ? 'unknown' : 'done',
    detail: refused ?? (answer.outcome === 'unknown' ? answer.detail : ''),
    auditIds: [answer.auditId],
    after: null,
  });
  return refused;
}

/**
 * Removes what was found, each by its uid, and looks again until nothing is left or a minute has passed; what the cluster then still has
 * is `left`. Throws as the ports do.
 */
export async function cleanup(
  request: CleanupRequest,
  found: readonly OurObject[],
  deps: CleanupDeps,
): Promise<CleanupSummary> {
  const refused: { object: string; message: string }[] = [];
  for (const object of found) {
    const message = await remove(object, deps);
    if (message !== null) refused.push({ object: nameOf(object), message });
  }
  const { clock, signal } = deps;
  const begunUs = clock.monoUs();
  for (;;) {
    const now = await findOurs(deps.reader, request.caseToken, signal);
    const isOver = (clock.monoUs() - begunUs) / 1000 >= GONE_WITHIN_MS;
    const isHopeless = now.found.every((object) => refused.some((one) => one.object === nameOf(object)));
    if (isHopeless || isOver) return summaryOf(request, deps, { found, now, refused });
    await pause(LOOK_EVERY_MS, undefined, { signal });
  }
}
