import { stringAt } from '../../lib/untyped.js';
import { objectOf, type PlannedSuspect, type PlanTarget } from '../../model/action.js';
import type { StepReport } from '../../plan/step-report.js';
import type { ClusterReader } from '../../ports/cluster-reader.js';
import { isReplaced } from './owner-effects.js';
import { pathOf, readList } from './read-cluster.js';
import { controllerOf } from './suspect-selector.js';

/** More pods of the suspects' controllers than these are not kept: a plan is one line of the journal. */
const MAX_SIBLINGS = 5_000;
const POLL_MS = 1_000;
const LOOKS = 6;

/** A pod that the controller of a suspect made: not the suspect. */
export interface Replacement {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly node: string;
  readonly ownerUid: string;
}

export interface FindDeps {
  readonly reader: Pick<ClusterReader, 'get' | 'list'>;
  /** Waits, unless it is told to end. */
  readonly pause: (ms: number) => Promise<unknown>;
}

type Target = Pick<PlanTarget, 'suspects' | 'siblings'>;

/** Every pod of the suspects' controllers, the suspects that are still theirs among them. */
async function podsOfOwners(suspects: readonly PlannedSuspect[], { reader }: Pick<FindDeps, 'reader'>) {
  const owners = new Set(suspects.flatMap(({ ownerUid }) => ownerUid ?? []));
  const found: Replacement[] = [];
  if (owners.size === 0) return found;
  for (const namespace of new Set(suspects.map((suspect) => suspect.namespace))) {
    for (const pod of await readList(reader, { path: pathOf('', 'namespaces', namespace, 'pods'), what: 'pods' })) {
      const at = (...path: string[]): string => stringAt(pod, ...path) ?? '';
      const ownerUid = controllerOf(pod)?.uid ?? '';
      if (!owners.has(ownerUid)) continue;
      found.push({
        ...{ namespace, name: at('metadata', 'name'), uid: at('metadata', 'uid') },
        ...{ node: at('spec', 'nodeName'), ownerUid },
      });
    }
  }
  return found;
}

/** UIDs of the pods that are no replacements, since they were there before; `null` = too many to be kept. */
export async function siblingsOf(
  { suspects = [] }: Target,
  deps: Pick<FindDeps, 'reader'>,
): Promise<readonly string[] | null> {
  const pods = await podsOfOwners(suspects, deps);
  return pods.length > MAX_SIBLINGS ? null : pods.map(({ uid }) => uid).sort();
}

/** Suspects in whose place another pod is to be expected, because a step of this run took them from their controllers. */
function awaitedFor({ suspects = [] }: Target, reports: readonly StepReport[]): readonly PlannedSuspect[] {
  const taken = reports.filter(({ planned, outcome }) => planned.name === 'detach' && outcome === 'applied');
  const uids = new Set(taken.map(({ planned }) => objectOf(planned)?.uid));
  return suspects.filter(({ uid, kind, ownerUid }) => ownerUid !== null && uids.has(uid) && isReplaced(kind));
}

export interface Found {
  /** `null` = not known. */
  readonly replacements: readonly Replacement[] | null;
  /** What a list without a replacement does not mean. */
  readonly reasons: readonly string[];
}

/**
 * Pods that the suspects' controllers made since the plan was begun. A controller needs a moment: where one is expected it is looked for
 * some seconds, and said when it was not seen. Throws as the port.
 */
export async function findReplacements(target: Target, reports: readonly StepReport[], deps: FindDeps): Promise<Found> {
  const { suspects = [], siblings = null } = target;
  if (siblings === null) return { replacements: null, reasons: [] };
  const awaited = awaitedFor(target, reports);
  const known = new Set([...siblings, ...suspects.map(({ uid }) => uid)]);
  for (let look = 1; ; look += 1) {
    const replacements = (await podsOfOwners(suspects, deps)).filter(({ uid }) => !known.has(uid));
    const missing = awaited.filter((one) => !replacements.some(({ ownerUid }) => ownerUid === one.ownerUid));
    const names = missing.map(({ namespace, name }) => `pod ${namespace}/${name}`);
    const reasons = names.map((name) => `${name}: no replacement was seen yet; one that comes later is not listed`);
    if (missing.length === 0 || look === LOOKS) return { replacements, reasons };
    await deps.pause(POLL_MS);
  }
}
