import { stringAt } from '../../lib/untyped.js';
import type { ApiRefusal } from '../../model/api-refusal.js';
import type { ActuateAnswer, ObjectRef } from '../../ports/cluster-actuator.js';
import { readObject, type PodCluster } from './cluster-calls.js';
import { podRefused, reasonOf } from './refusal-reason.js';
import { subjectOf } from './remove-object.js';

export interface CreateOrder {
  /** For the record: `create-namespace`. */
  readonly kind: string;
  readonly ref: ObjectRef;
  readonly object: Readonly<Record<string, unknown>>;
  /** As a command. */
  readonly undo: string;
  send(): Promise<ActuateAnswer>;
  /** Told as soon as it is known that there is something to remove. */
  made(uid: string): void;
  /** What the record says of the object as it is there; untrusted. */
  readonly after?: (object: unknown) => Readonly<Record<string, unknown>>;
}

export interface CreatedObject {
  readonly object: unknown;
  readonly uid: string;
  readonly auditId: string;
}

function saidOf(refusal: ApiRefusal): string {
  if (refusal.message !== '') return refusal.message;
  return refusal.causes.map(({ field, message }) => `${field}: ${message}`).join('; ');
}

/** After a lost answer, what is there decides: nobody else knows the name. No signal: what was made must be known. */
async function objectAfter(cluster: PodCluster, answer: ActuateAnswer, ref: ObjectRef): Promise<unknown> {
  if (answer.outcome === 'done') return answer.object;
  return answer.outcome === 'unknown' ? await readObject(cluster, ref) : null;
}

/** Creates an object, on record before and after. Throws `NODE_ACCESS_REFUSED` when there is none. */
export async function createObject(cluster: PodCluster, order: CreateOrder): Promise<CreatedObject> {
  const { record } = cluster;
  const { kind, ref, object: intended, undo } = order;
  const subject = subjectOf(ref);
  await record.action({ kind, subject, before: null, intended, undo, reversibility: 'exact' });
  const answer = await order.send();
  const object = await objectAfter(cluster, answer, ref);
  const uid = stringAt(object, 'metadata', 'uid');
  const auditIds = [answer.auditId];
  if (uid !== undefined) {
    order.made(uid);
    const detail = answer.outcome === 'unknown' ? answer.detail : '';
    await record.effect({ kind, subject, outcome: 'done', detail, auditIds, after: { uid, ...order.after?.(object) } });
    return { object, uid, auditId: answer.auditId };
  }
  const refusal = answer.outcome === 'refused' ? answer.refusal : null;
  const detail = refusal === null ? 'the answer was lost, and nothing is there' : saidOf(refusal);
  const outcome = refusal === null ? 'unknown' : 'refused';
  await record.effect({ kind, subject, outcome, detail, auditIds, after: null });
  throw podRefused(refusal === null ? 'unknown' : reasonOf(refusal), detail);
}
