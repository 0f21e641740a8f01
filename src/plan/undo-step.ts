import type { PlannedStep } from '../model/action.js';
import type { ClusterActuator } from '../ports/cluster-actuator.js';
import type { ActuateAnswer } from '../ports/cluster-actuator.js';
import type { ActionKind, UndoOptions } from './action-kind.js';
import { actionKindOf } from './action-kinds.js';
import { judgeMissing } from './apply-step.js';
import { attemptWrite, type Judgement, type Written } from './attempt-write.js';
import { isSame, type Observed, observe } from './observe.js';

export interface StepUndo extends UndoOptions {
  /** Take it back although the object is not as we left it. */
  readonly force: boolean;
}

/** What undoing a step aims at: the view that the object has afterwards, `null` = it is not there. */
export function aimOf(step: PlannedStep, options: UndoOptions): unknown {
  const kind = actionKindOf(step.kind);
  if (kind.makes) return null;
  return kind.undone({ before: step.before, intended: step.intended }, options);
}

const CONFLICT: Judgement = {
  is: 'wrong',
  why: 'changed-by-others',
  detail: 'others have changed what we changed: compare before, ours and now',
};

interface Undoing {
  readonly step: PlannedStep;
  readonly aim: unknown;
  readonly force: boolean;
  readonly actuator: ClusterActuator;
}

/** An object that is gone takes the change with it. */
function isOver({ aim }: Undoing, kind: ActionKind<unknown>, observed: Observed): boolean {
  if (observed.state === 'gone' || observed.state === 'replaced') return true;
  return observed.state === 'there' && !kind.makes && isSame(observed.view, aim);
}

function judge(undoing: Undoing, observed: Observed): Judgement {
  const { step, aim, force, actuator } = undoing;
  const kind = actionKindOf(step.kind);
  if (isOver(undoing, kind, observed)) return { is: 'right' };
  if (observed.state !== 'there') return judgeMissing(observed);
  const { view, object, resourceVersion, uid } = observed;
  const { uid: _uid, ...ref } = step.subject;
  // The change was never made, or somebody took it back already.
  if (!kind.makes && isSame(view, step.before)) return { is: 'right' };
  const left = [step.intended, aimOf(step, { readopt: false })];
  if (!force && !left.some((ours) => isSame(view, ours))) return CONFLICT;
  const write = async (): Promise<ActuateAnswer> =>
    kind.makes
      ? await actuator.delete(ref, { uid })
      : await actuator.patch(ref, kind.patch(object, aim), { resourceVersion });
  return { is: 'to-be-written', write };
}

/** Takes a step back, unless it is so already; refuses where others have changed the same. Throws as the ports do. */
export async function undoStep(step: PlannedStep, options: StepUndo, actuator: ClusterActuator): Promise<Written> {
  const undoing = { step, aim: aimOf(step, options), force: options.force, actuator };
  return await attemptWrite({
    read: async () => await observe(actuator, step.subject, { kind: actionKindOf(step.kind), like: step.intended }),
    judge: (observed) => judge(undoing, observed),
  });
}
