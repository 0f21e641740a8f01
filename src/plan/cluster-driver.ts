import { stringAt } from '../lib/untyped.js';
import type { ClusterStep } from '../model/action.js';
import type { ActuateAnswer, ClusterActuator } from '../ports/cluster-actuator.js';
import { actionKindOf } from './action-kinds.js';
import type { ObjectVersion, Observed } from './observed.js';
import type { StepDriver, WriteAnswer } from './step-driver.js';

/** What a look at the object some moments later may show to be otherwise. */
const HELD_BACK = 'disruption-budget';
const PASSING: readonly string[] = ['conflict', 'already-exists', 'not-found', 'throttled', HELD_BACK];

function answered(answer: ActuateAnswer): WriteAnswer {
  const auditIds = [answer.auditId];
  if (answer.outcome === 'done') return { auditIds, outcome: 'done' };
  if (answer.outcome === 'unknown') return { auditIds, outcome: 'unknown', detail: answer.detail };
  const { kind, message, retryAfterMs } = answer.refusal;
  const held = kind === HELD_BACK ? ({ isHeldBack: true } as const) : {};
  return { auditIds, outcome: 'refused', detail: message, mayPass: PASSING.includes(kind), retryAfterMs, ...held };
}

function observedIn(answer: ActuateAnswer, uid: string | null, look: (object: unknown) => unknown): Observed {
  if (answer.outcome === 'unknown') return { state: 'unreadable', detail: answer.detail };
  if (answer.outcome === 'refused') {
    if (answer.refusal.kind === 'not-found') return { state: 'gone', detail: 'there is no object of that name' };
    return { state: 'unreadable', detail: answer.refusal.message };
  }
  const { object } = answer;
  const at: ObjectVersion = {
    object,
    uid: stringAt(object, 'metadata', 'uid') ?? '',
    resourceVersion: stringAt(object, 'metadata', 'resourceVersion') ?? '',
  };
  if (at.uid === '' || at.resourceVersion === '')
    return { state: 'unreadable', detail: 'the answer has no uid or no version' };
  if (uid !== null && at.uid !== uid) return { state: 'replaced', uid: at.uid };
  return { state: 'there', view: look(object), at };
}

/** Objects of the API. A change carries the version that was looked at, so that a lost one which arrives late is refused. */
export function clusterDriver(step: ClusterStep, actuator: ClusterActuator): StepDriver {
  const { subject, before, intended } = step;
  const kind = actionKindOf(step.kind);
  const { uid, ...ref } = subject;
  return {
    makes: kind.makes,
    removes: !kind.makes && kind.removes === true,
    hidesUnfinished: false,
    aim: (options) => (kind.makes ? null : kind.undone({ before, intended }, options)),
    read: async () =>
      observedIn(await actuator.get(ref), uid, (object) =>
        kind.makes ? kind.look(object) : kind.look(object, intended),
      ),
    write: async (view, from, { dryRun }) => {
      const at = from.state === 'there' ? from.at : null;
      if (!kind.makes) {
        const patch = kind.patch(at?.object, view);
        if (patch === 'eviction') {
          const { namespace, name } = ref;
          return answered(await actuator.evict({ namespace: namespace ?? '', name }, { uid, dryRun }));
        }
        return answered(await actuator.patch(ref, patch, { resourceVersion: at?.resourceVersion ?? null, dryRun }));
      }
      if (view === null) return answered(await actuator.delete(ref, { uid: at?.uid ?? null, dryRun }));
      const { name, ...collection } = ref;
      const apiVersion = ref.group === '' ? ref.version : `${ref.group}/${ref.version}`;
      return answered(await actuator.create(collection, { apiVersion, ...kind.body(name, view) }, { dryRun }));
    },
  };
}
