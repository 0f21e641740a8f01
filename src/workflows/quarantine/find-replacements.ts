import { arrayAt, stringAt, stringsAt } from '../../lib/untyped.js';
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

/** With the node that its controller made it for, also before it is there. */
interface Made extends Replacement {
  readonly meantFor: string;
}

/** A DaemonSet names the node of a pod by an affinity, and leaves the rest to the scheduler. */
function meantFor(pod: unknown): string {
  const required = 'requiredDuringSchedulingIgnoredDuringExecution';
  const terms = arrayAt(pod, 'spec', 'affinity', 'nodeAffinity', required, 'nodeSelectorTerms');
  const fields = terms.flatMap((term) => arrayAt(term, 'matchFields'));
  const byName = fields.find((field) => stringAt(field, 'key') === 'metadata.name');
  return stringAt(pod, 'spec', 'nodeName') ?? stringsAt(byName, 'values')[0] ?? '';
}

type Target = Pick<PlanTarget, 'suspects' | 'siblings'>;

/** Every pod of the suspects' controllers, the suspects that are still theirs among them. */
async function podsOfOwners(suspects: readonly PlannedSuspect[], { reader }: Pick<FindDeps, 'reader'>) {
  const owners = new Set(suspects.flatMap(({ ownerUid }) => ownerUid ?? []));
  const found: Made[] = [];
  if (owners.size === 0) return found;
  for (const namespace of new Set(suspects.map((suspect) => suspect.namespace))) {
    for (const pod of await readList(reader, { path: pathOf('', 'namespaces', namespace, 'pods'), what: 'pods' })) {
      const at = (...path: string[]): string => stringAt(pod, ...path) ?? '';
      const ownerUid = controllerOf(pod)?.uid ?? '';
      if (!owners.has(ownerUid)) continue;
      found.push({
        ...{ namespace, name: at('metadata', 'name'), uid: at('metadata', 'uid') },
        ...{ node: at('spec', 'nodeName'), ownerUid, meantFor: meantFor(pod) },
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

/** Suspects of one controller in whose place it makes other pods: a DaemonSet one on each of their nodes, the others wherever they like. */
interface Awaited {
  readonly ownerUid: string;
  /** `null` = any. */
  readonly node: string | null;
  readonly suspects: readonly PlannedSuspect[];
}

/** UIDs of the suspects of which the step that takes their labels came to this. */
function takenBy(reports: readonly StepReport[], ...outcomes: readonly StepReport['outcome'][]) {
  const taken = reports.filter(({ planned, outcome }) => planned.name === 'detach' && outcomes.includes(outcome));
  return new Set(taken.map(({ planned }) => objectOf(planned)?.uid));
}

/** Those that a step took from their controllers. Where none of them was taken by this run, nothing is waited for. */
function awaitedFor({ suspects = [] }: Target, reports: readonly StepReport[]): readonly Awaited[] {
  const [all, now] = [takenBy(reports, 'applied', 'held'), takenBy(reports, 'applied')];
  const isAwaited = ({ uid, kind, keptOut }: PlannedSuspect) => all.has(uid) && isReplaced(kind) && keptOut !== true;
  const groups = new Map<string, Awaited>();
  for (const suspect of suspects.filter(isAwaited)) {
    const { kind, ownerUid, node = null } = suspect;
    if (ownerUid === null) continue;
    const where = kind === 'daemonset' ? node : null;
    const key = `${ownerUid} ${where ?? ''}`;
    groups.set(key, { ownerUid, node: where, suspects: [...(groups.get(key)?.suspects ?? []), suspect] });
  }
  return [...groups.values()].filter((group) => group.suspects.some(({ uid }) => now.has(uid)));
}

function isFor({ ownerUid, node }: Awaited, made: Made): boolean {
  return made.ownerUid === ownerUid && (node === null || made.meantFor === node);
}

/** What was not seen of it; `null` = as many as it has lost. */
function missingOf(group: Awaited, made: readonly Made[]): string | null {
  const { suspects } = group;
  const seen = made.filter((one) => isFor(group, one)).length;
  if (seen >= suspects.length) return null;
  const names = suspects.map(({ namespace, name }) => `pod ${namespace}/${name}`).join(', ');
  if (seen > 0)
    return `${names}: ${String(seen)} of ${String(suspects.length)} replacements were seen yet; one that comes later is not listed`;
  return `${names}: no replacement was seen yet; one that comes later is not listed`;
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
    const made = (await podsOfOwners(suspects, deps)).filter(({ uid }) => !known.has(uid));
    const reasons = awaited.flatMap((group) => missingOf(group, made) ?? []);
    if (reasons.length === 0 || look === LOOKS)
      return { replacements: made.map(({ meantFor: _meantFor, ...replacement }) => replacement), reasons };
    await deps.pause(POLL_MS);
  }
}
