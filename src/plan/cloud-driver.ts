import type { JSONType } from 'zod';
import type { CloudStep } from '../model/action.js';
import type { CloudAnswer, CloudLook } from '../ports/cloud-actuator.js';
import { cloudKindOf } from './cloud-kinds.js';
import { type Observed, viewOf } from './observed.js';
import type { CloudTools, StepDriver, WriteAnswer } from './step-driver.js';

function answered(answer: CloudAnswer): WriteAnswer {
  const { requestIds: auditIds } = answer;
  if (answer.outcome === 'refused') {
    const { detail, isDenied } = answer;
    return { auditIds, outcome: 'refused', detail, mayPass: !isDenied };
  }
  return answer.outcome === 'done'
    ? { auditIds, outcome: 'done' }
    : { auditIds, outcome: 'unknown', detail: answer.detail };
}

function observedIn(look: CloudLook, view: ReturnType<typeof cloudKindOf>['view']): Observed {
  if (look.state !== 'there') return { state: look.state, detail: look.detail };
  const parsed = view.safeParse(look.view);
  if (!parsed.success)
    return { state: 'unreadable', detail: 'the cloud told something that this version does not know' };
  return { state: 'there', view: parsed.data, at: null };
}

/**
 * Things of a cloud. They have no versions: what a call that was lost does later is seen by the next look alone, so each call says what the
 * part is to be, never what to change of it.
 */
export function cloudDriver(step: CloudStep, plan: string, cloud: CloudTools | null): StepDriver {
  const { kind: name, subject, before, intended } = step;
  const { view: schema } = cloudKindOf(name);
  const without = `it is a thing of the cloud ${subject.cloud}, which was not given`;
  return {
    makes: false,
    removes: false,
    // A group that was made and has not all its rules yet counts as none, so that doing goes on with it.
    hidesUnfinished: name === 'quarantine-group',
    aim: () => before,
    read: async () => {
      if (cloud === null) return { state: 'unreadable', detail: without };
      return observedIn(await cloud.actuator.look(name, subject, intended), schema);
    },
    write: async (wanted, observed, options) => {
      if (cloud === null) return { auditIds: [], outcome: 'refused', detail: without, mayPass: false };
      const { actuator, caseToken } = cloud;
      const view = schema.parse(wanted) as JSONType;
      const change = { from: viewOf(observed) as JSONType, view, caseToken, plan };
      return answered(await actuator.set(name, subject, change, options));
    },
  };
}
