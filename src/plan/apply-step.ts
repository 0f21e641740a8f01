import type { PlannedStep } from '../model/action.js';
import type { ClusterActuator } from '../ports/cluster-actuator.js';
import type { ActuateAnswer } from '../ports/cluster-actuator.js';
import { actionKindOf } from './action-kinds.js';
import { attemptWrite, type Judgement, type Written } from './attempt-write.js';
import { isSame, type Observed, observe, viewOf } from './observe.js';

/** Where an object that must be there is not. */
export function judgeMissing(observed: Exclude<Observed, { state: 'there' }>): Judgement {
  switch (observed.state) {
    case 'gone':
      return { is: 'wrong', why: 'target-gone', detail: 'there is no object of that name' };
    case 'replaced':
      return { is: 'wrong', why: 'target-replaced', detail: `another object bears the name: ${observed.uid}` };
    case 'unreadable':
      return { is: 'wrong', why: 'unreadable', detail: observed.detail };
  }
}

const OTHERS: Judgement = {
  is: 'wrong',
  why: 'changed-by-others',
  detail: 'it is neither as it was when the plan was made nor as it should be',
};

/** The call that makes the object be as intended. With `dryRun` the server goes through everything and keeps nothing. */
function writeOf(
  { kind: name, subject, intended }: PlannedStep,
  observed: Observed,
  { actuator, dryRun }: { readonly actuator: ClusterActuator; readonly dryRun: boolean },
): () => Promise<ActuateAnswer> {
  const kind = actionKindOf(name);
  const { uid: _uid, ...ref } = subject;
  if (kind.makes) {
    const { name: _name, ...collection } = ref;
    return async () => await actuator.create(collection, kind.body(ref.name, intended), { dryRun });
  }
  const [object, resourceVersion] =
    observed.state === 'there' ? [observed.object, observed.resourceVersion] : [undefined, null];
  return async () => await actuator.patch(ref, kind.patch(object, intended), { resourceVersion, dryRun });
}

function judge(step: PlannedStep, observed: Observed, actuator: ClusterActuator): Judgement {
  const { makes } = actionKindOf(step.kind);
  const toBeWritten: Judgement = { is: 'to-be-written', write: writeOf(step, observed, { actuator, dryRun: false }) };
  if (makes && observed.state === 'gone') return toBeWritten;
  if (observed.state !== 'there') return judgeMissing(observed);
  if (isSame(observed.view, step.intended)) return { is: 'right' };
  return isSame(observed.view, step.before) ? toBeWritten : OTHERS;
}

async function look({ kind, subject, intended }: PlannedStep, actuator: ClusterActuator): Promise<Observed> {
  return await observe(actuator, subject, { kind: actionKindOf(kind), like: intended });
}

/** Makes the subject be as intended, unless it is so. Throws as the ports do. */
export async function applyStep(step: PlannedStep, actuator: ClusterActuator): Promise<Written> {
  return await attemptWrite({
    read: async () => await look(step, actuator),
    judge: (observed) => judge(step, observed, actuator),
  });
}

/** Whether the subject is still as intended. */
export async function checkStep(
  step: PlannedStep,
  actuator: ClusterActuator,
): Promise<{ readonly holds: boolean; readonly now: unknown; readonly state: Observed['state'] }> {
  const observed = await look(step, actuator);
  const holds = observed.state === 'there' && isSame(observed.view, step.intended);
  return { holds, now: viewOf(observed), state: observed.state };
}

/** What the server would say, admissions included; `null` = it would do it. Nothing is changed. */
export async function tryStep(step: PlannedStep, actuator: ClusterActuator): Promise<string | null> {
  const observed = await look(step, actuator);
  if (observed.state === 'there' && isSame(observed.view, step.intended)) return null;
  const judged = judge(step, observed, actuator);
  if (judged.is === 'wrong') return judged.detail;
  const answer = await writeOf(step, observed, { actuator, dryRun: true })();
  if (answer.outcome === 'refused') return answer.refusal.message;
  return answer.outcome === 'unknown' ? answer.detail : null;
}
