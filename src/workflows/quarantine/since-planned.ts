import { stringAt } from '../../lib/untyped.js';
import type { PlanTarget } from '../../model/action.js';
import type { QuarantineRequest } from './quarantine-request.js';
import { matchingPods, type SceneDeps } from './read-scene.js';
import { controllerOf } from './suspect-selector.js';

/** A pod that is chosen now by what a plan was asked for, and that no step of the plan is about. Names are untrusted. */
export interface PodNotInPlan {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly node: string;
  /** The controller of a suspect made it since. */
  readonly isReplacement: boolean;
}

/** A suspect of a plan that is no longer there. */
export interface GoneSuspect {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** UID of the pod that bears its name now; `null` = none does. */
  readonly replacedBy: string | null;
}

/** What a plan that is gone on with does not know: it is done as it was written, whoever came or went since. */
export interface SincePlanned {
  readonly notInPlan: readonly PodNotInPlan[];
  readonly gone: readonly GoneSuspect[];
}

export const NOTHING_SINCE: SincePlanned = { notInPlan: [], gone: [] };

function isReplacement(pod: unknown, { suspects = [], siblings }: PlanTarget): boolean {
  const owner = controllerOf(pod)?.uid;
  if (owner === undefined || !suspects.some(({ ownerUid }) => ownerUid === owner)) return false;
  return siblings?.includes(stringAt(pod, 'metadata', 'uid') ?? '') === false;
}

const at = (pod: unknown, ...path: string[]): string => stringAt(pod, ...path) ?? '';
const nameOf = (pod: unknown): string => `${at(pod, 'metadata', 'namespace')}/${at(pod, 'metadata', 'name')}`;

type Reading = Pick<SceneDeps, 'cluster' | 'signal'>;

async function goneOf({ suspects = [] }: PlanTarget, request: QuarantineRequest, deps: Reading) {
  const byName = suspects.map(({ namespace, name }) => ({ by: 'name', namespace, name }) as const);
  const there = await matchingPods({ ...request, suspects: byName }, deps);
  return suspects.flatMap(({ namespace, name, uid }) => {
    const pod = there.find((one) => nameOf(one) === `${namespace}/${name}`);
    const now = pod === undefined ? null : at(pod, 'metadata', 'uid');
    return now === uid ? [] : [{ namespace, name, uid, replacedBy: now }];
  });
}

/** Throws as `readScene`. */
export async function sincePlanned(
  target: PlanTarget,
  request: QuarantineRequest,
  deps: Reading,
): Promise<SincePlanned> {
  const chosen = await matchingPods(request, deps);
  const others = new Map(chosen.map((pod) => [nameOf(pod), pod]));
  const notInPlan = [...others.keys()].sort().flatMap((key) => {
    const pod = others.get(key);
    const uid = at(pod, 'metadata', 'uid');
    if (target.uids.includes(uid)) return [];
    const [namespace, name] = [at(pod, 'metadata', 'namespace'), at(pod, 'metadata', 'name')];
    return [{ namespace, name, uid, node: at(pod, 'spec', 'nodeName'), isReplacement: isReplacement(pod, target) }];
  });
  return { notInPlan, gone: await goneOf(target, request, deps) };
}

/** One sentence each, for people. `plan`: the name of the plan that is gone on with. */
export function notInPlanTexts({ notInPlan }: SincePlanned, plan: string): readonly string[] {
  return notInPlan.map(({ namespace, name, uid, node, isReplacement: isMade }) => {
    const where = node === '' ? 'on no node yet' : `on node ${node}`;
    const made = isMade ? ', made since by the controller of a suspect' : '';
    return `pod ${namespace}/${name} (${uid}) ${where}${made}: it matches now, is not in plan ${plan}, and is left alone`;
  });
}

/** As `notInPlanTexts`, of the suspects that are no longer there. */
export function goneTexts({ gone }: SincePlanned, plan: string): readonly string[] {
  return gone.map(({ namespace, name, uid, replacedBy }) => {
    const now = replacedBy === null ? 'is gone' : `is gone, and another pod bears its name: ${replacedBy}`;
    return `pod ${namespace}/${name} (${uid}) of plan ${plan} ${now}`;
  });
}
