import type { PlannedStep, PlannedSuspect, PlanTarget } from '../../model/action.js';
import { isKeptOut } from './kept-out.js';
import type { Scene, Suspect } from './read-scene.js';

/** What a plan keeps of its suspects. */
export function plannedSuspects(scene: Scene, steps: readonly PlannedStep[]): readonly PlannedSuspect[] {
  return scene.suspects.map((suspect) => {
    const { namespace, name, uid, kind, owner, services, moreServices, node } = suspect;
    const known = { namespace, name, uid, kind, ownerUid: owner?.uid ?? null, services, moreServices, node };
    return isKeptOut(suspect, scene, steps) ? { ...known, keptOut: true } : known;
  });
}

/**
 * A scene that was read while its plan was done, with what the plan itself took from the suspects: a controller gives up a pod without its
 * labels, and no Service finds it any more.
 */
export function asPlanned(live: Scene, { suspects = [] }: Pick<PlanTarget, 'suspects'>): Scene {
  const known = new Map(suspects.map((one) => [one.uid, one]));
  const restored = live.suspects.map((suspect): Suspect => {
    const earlier = known.get(suspect.uid);
    if (earlier === undefined) return suspect;
    const { kind, services, moreServices } = earlier;
    return { ...suspect, kind, services, moreServices };
  });
  return { ...live, suspects: restored };
}
