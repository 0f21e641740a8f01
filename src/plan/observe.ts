import { isDeepStrictEqual } from 'node:util';
import { stringAt } from '../lib/untyped.js';
import type { ActionSubject } from '../model/action.js';
import type { ActuateAnswer, ClusterActuator } from '../ports/cluster-actuator.js';
import type { ActionKind } from './action-kind.js';

/** What an object is now, as a kind of action looks at it. */
export type Observed =
  | {
      readonly state: 'there';
      readonly view: unknown;
      readonly object: unknown;
      readonly resourceVersion: string;
      readonly uid: string;
    }
  | { readonly state: 'gone' }
  /** Another object bears the name. */
  | { readonly state: 'replaced'; readonly uid: string }
  | { readonly state: 'unreadable'; readonly detail: string };

type Look = (object: unknown) => unknown;

function observedIn(
  answer: Exclude<ActuateAnswer, { outcome: 'unknown' }>,
  subject: ActionSubject,
  look: Look,
): Observed {
  if (answer.outcome === 'refused') {
    if (answer.refusal.kind === 'not-found') return { state: 'gone' };
    return { state: 'unreadable', detail: answer.refusal.message };
  }
  const { object } = answer;
  const uid = stringAt(object, 'metadata', 'uid') ?? '';
  const resourceVersion = stringAt(object, 'metadata', 'resourceVersion') ?? '';
  if (uid === '' || resourceVersion === '')
    return { state: 'unreadable', detail: 'the answer has no uid or no version' };
  if (subject.uid !== null && uid !== subject.uid) return { state: 'replaced', uid };
  return { state: 'there', view: look(object), object, resourceVersion, uid };
}

/** Reads the subject. `like` is a view with the keys that matter. Throws as the port's `get`. */
export async function observe(
  actuator: Pick<ClusterActuator, 'get'>,
  subject: ActionSubject,
  { kind, like }: { readonly kind: ActionKind<unknown>; readonly like: unknown },
): Promise<Observed> {
  const { uid: _uid, ...ref } = subject;
  const answer = await actuator.get(ref);
  const look: Look = (object) => (kind.makes ? kind.look(object) : kind.look(object, like));
  if (answer.outcome === 'unknown') return { state: 'unreadable', detail: answer.detail };
  return observedIn(answer, subject, look);
}

/** The view; `null` for what is not there. */
export function viewOf(observed: Observed): unknown {
  return observed.state === 'there' ? observed.view : null;
}

export function isSame(one: unknown, other: unknown): boolean {
  return isDeepStrictEqual(one, other);
}
