import { setTimeout as pause } from 'node:timers/promises';
import type { ActionRecord } from '../ports/action-record.js';
import type { Clock } from '../ports/clock.js';
import type { ActuateAnswer, ClusterActuator } from '../ports/cluster-actuator.js';
import type { ClusterReader } from '../ports/cluster-reader.js';
import { findOurs, type OurObject, type OurObjects, type UnreadList } from './find-ours.js';
import { findHeld, type HeldObject, type HeldObjects } from './find-held.js';
import type { LeftOnNode, LeftOnNodes } from './left-on-nodes.js';

/** A namespace needs its controller to go through everything in it. */
const GONE_WITHIN_MS = 60_000;
const LOOK_EVERY_MS = 1000;

export interface CleanupRequest {
  /** `null` = of any case. */
  readonly caseToken: string | null;
}

/** Disk images that runs that died have left mounted on this machine. */
export interface ImageMounts {
  leftMounts(): Promise<readonly string[]>;
  unmountLeftovers(): Promise<readonly string[]>;
}

export interface CleanupDeps {
  /** `null` = no cluster is asked. */
  readonly reader: Pick<ClusterReader, 'list' | 'facts'> | null;
  readonly actuator: ClusterActuator | null;
  readonly mounts: ImageMounts;
  readonly onNodes: LeftOnNodes;
  /** What containments still hold, by the journals of this machine. */
  readonly journals: HeldObjects;
  /** Where the removals are written down, before and after; `null` = there is no open exhibit to write them into. */
  readonly record: ActionRecord | null;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** `held`: nothing of a collection is left, and something is contained. */
export type CleanupVerdict = 'nothing-left' | 'left' | 'held' | 'unproven';

export interface CleanupSummary {
  /** `null` = no cluster was asked. */
  readonly server: string | null;
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
  /** Disk images, mounted on this machine by runs that died, whatever their case: at the beginning and at the end. */
  readonly mounts: { readonly found: readonly string[]; readonly left: readonly string[] };
  /** Files that the custody log does not prove gone from their node. Nothing is removed there by this. */
  readonly onNodes: readonly LeftOnNode[];
  /** What a containment holds at the end; a clean-up takes nothing of it back. */
  readonly held: readonly HeldObject[];
  readonly verdict: CleanupVerdict;
}

/** For people and records: `pods exhibit-collector/exhibit-k7m2p9-abcdefgh`. */
export function nameOf({ resource, namespace, name }: OurObject): string {
  return `${resource} ${namespace === null ? name : `${namespace}/${name}`}`;
}

interface Seen {
  readonly found: readonly OurObject[];
  readonly mounted: readonly string[];
  readonly refused: CleanupSummary['refused'];
}

type LookDeps = Pick<CleanupDeps, 'reader' | 'mounts' | 'onNodes' | 'journals' | 'signal'>;

const NOTHING: OurObjects = { found: [], foreign: [], unread: [] };

async function objectsOf({ caseToken }: CleanupRequest, { reader, signal }: LookDeps): Promise<OurObjects> {
  return reader === null ? NOTHING : await findOurs(reader, caseToken, signal);
}

/** What bears our marks, and what the journals say; the same thing may be in both. */
async function holdsOf(
  caseToken: string | null,
  { reader, journals, signal }: Pick<LookDeps, 'reader' | 'journals' | 'signal'>,
): Promise<HeldObjects> {
  if (reader === null) return journals;
  const { held, unread } = await findHeld(reader, caseToken, signal);
  const closed = new Set(journals.held.flatMap((one) => (one.abandoned === true ? [one.caseToken] : [])));
  const marked = held.map((one): HeldObject => (closed.has(one.caseToken) ? { ...one, abandoned: true } : one));
  return { held: [...marked, ...journals.held], unread: [...unread, ...journals.unread] };
}

function verdictOf(facts: { readonly isLeft: boolean; readonly isHeld: boolean; readonly isUnproven: boolean }) {
  if (facts.isLeft) return 'left';
  if (facts.isHeld) return 'held';
  return facts.isUnproven ? 'unproven' : 'nothing-left';
}

async function summaryOf(
  { caseToken }: CleanupRequest,
  { reader, mounts, onNodes, journals, signal }: LookDeps,
  { now, seen }: { readonly now: OurObjects; readonly seen: Seen | null },
): Promise<CleanupSummary> {
  const { found: left, foreign } = now;
  const mounted = await mounts.leftMounts();
  const logs = onNodes.unread.map((exhibitId) => ({ resource: `custody log of ${exhibitId}`, reason: 'damaged' }));
  const holds = await holdsOf(caseToken, { reader, journals, signal });
  const unread = [...now.unread, ...logs, ...holds.unread];
  return {
    server: reader?.facts.server ?? null,
    case: caseToken,
    found: seen?.found ?? left,
    left,
    foreign,
    unread,
    refused: seen?.refused ?? [],
    mounts: { found: seen?.mounted ?? mounted, left: mounted },
    onNodes: onNodes.files,
    held: holds.held,
    verdict: verdictOf({
      isLeft: left.length > 0 || mounted.length > 0,
      isHeld: holds.held.length > 0,
      isUnproven: unread.length + onNodes.files.length > 0,
    }),
  };
}

/** Lists what is left of a case in the cluster and on this machine, and changes nothing. */
export async function verifyCleanup(request: CleanupRequest, deps: LookDeps): Promise<CleanupSummary> {
  return await summaryOf(request, deps, { now: await objectsOf(request, deps), seen: null });
}

function refusalIn(answer: ActuateAnswer): string | null {
  if (answer.outcome === 'refused' && answer.refusal.kind !== 'not-found') return answer.refusal.message;
  return null;
}

async function remove(
  object: OurObject,
  { actuator, record, signal }: Omit<CleanupDeps, 'actuator'> & { readonly actuator: ClusterActuator },
): Promise<string | null> {
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
 * Unmounts what dead runs left mounted, removes the objects that were found, each by its uid, and looks again until none is left or a
 * minute has passed; what the cluster then still has is `left`. Throws as the ports do.
 */
export async function cleanup(
  request: CleanupRequest,
  { found, mounts: { found: mounted } }: Pick<CleanupSummary, 'found' | 'mounts'>,
  deps: CleanupDeps,
): Promise<CleanupSummary> {
  await deps.mounts.unmountLeftovers();
  const refused: { object: string; message: string }[] = [];
  const { clock, signal, actuator } = deps;
  if (actuator !== null) {
    for (const object of found) {
      const message = await remove(object, { ...deps, actuator });
      if (message !== null) refused.push({ object: nameOf(object), message });
    }
  }
  const begunUs = clock.monoUs();
  for (;;) {
    const now = await objectsOf(request, deps);
    const isOver = (clock.monoUs() - begunUs) / 1000 >= GONE_WITHIN_MS;
    const isHopeless = now.found.every((object) => refused.some((one) => one.object === nameOf(object)));
    if (isHopeless || isOver) return await summaryOf(request, deps, { now, seen: { found, mounted, refused } });
    await pause(LOOK_EVERY_MS, undefined, { signal });
  }
}
