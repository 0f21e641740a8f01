import { stringAt } from '../../lib/untyped.js';
import type { ApiRefusal } from '../../model/api-refusal.js';
import type { ActuateAnswer, ObjectRef } from '../../ports/cluster-actuator.js';
import { poll, readObject, type PodCluster } from './cluster-calls.js';
import { podRefused, reasonOf } from './refusal-reason.js';
import { subjectOf } from './remove-object.js';

/** A webhook may think for 30 seconds before the server stores what nobody waits for any more. */
const STORED_WITHIN_MS = 35_000;

export interface CreateOrder {
  /** For the record: `create-namespace`. */
  readonly kind: string;
  readonly ref: ObjectRef;
  readonly object: Readonly<Record<string, unknown>>;
  /** As a command. */
  readonly undo: string;
  /** Without a signal of the run: an answer that nobody awaits is an object that nobody removes. */
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

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : 'an error without a message');

/** What shows up after a lost answer: nobody else knows the name. A read that fails is tried again. */
async function showsUp(cluster: PodCluster, ref: ObjectRef): Promise<{ object: unknown; trouble: string | null }> {
  let trouble: string | null = null;
  const object = await poll(cluster, { forMs: () => STORED_WITHIN_MS }, async () => {
    try {
      const read = await readObject(cluster, ref);
      trouble = null;
      return read;
    } catch (error) {
      trouble = messageOf(error);
      return null;
    }
  });
  return { object, trouble };
}

interface Outcome {
  readonly object: unknown;
  readonly outcome: 'done' | 'refused' | 'unknown';
  readonly reason: string;
  readonly detail: string;
}

async function outcomeOf(cluster: PodCluster, answer: ActuateAnswer, ref: ObjectRef): Promise<Outcome> {
  if (answer.outcome === 'done') return { object: answer.object, outcome: 'done', reason: 'unknown', detail: '' };
  if (answer.outcome === 'refused') {
    const { refusal } = answer;
    return { object: null, outcome: 'refused', reason: reasonOf(refusal), detail: saidOf(refusal) };
  }
  const { object, trouble } = await showsUp(cluster, ref);
  if (object !== null) return { object, outcome: 'done', reason: 'unknown', detail: answer.detail };
  const seconds = String(STORED_WITHIN_MS / 1000);
  const seen = trouble === null ? `nothing showed up within ${seconds} s` : `it cannot be read back (${trouble})`;
  return {
    object,
    outcome: 'unknown',
    reason: 'unknown',
    detail: `the answer was lost (${answer.detail}), and ${seen}`,
  };
}

/** Creates an object, on record before and after. Throws `NODE_ACCESS_REFUSED` when there is none, and what `send` throws. */
export async function createObject(cluster: PodCluster, order: CreateOrder): Promise<CreatedObject> {
  const { record } = cluster;
  const { kind, ref, object: intended, undo } = order;
  const subject = subjectOf(ref);
  await record.action({ kind, subject, before: null, intended, undo, reversibility: 'exact' });
  const answer = await order.send().catch(async (error: unknown) => {
    const detail = `nothing was sent: ${messageOf(error)}`;
    await record.effect({ kind, subject, outcome: 'refused', detail, auditIds: [], after: null });
    throw error;
  });
  const { object, outcome, reason, detail } = await outcomeOf(cluster, answer, ref);
  const uid = stringAt(object, 'metadata', 'uid');
  const auditIds = [answer.auditId];
  if (uid !== undefined) {
    order.made(uid);
    await record.effect({ kind, subject, outcome: 'done', detail, auditIds, after: { uid, ...order.after?.(object) } });
    return { object, uid, auditId: answer.auditId };
  }
  // An answer that bears no uid says nothing of what is there.
  const isRefused = outcome === 'refused';
  const told = isRefused ? detail : `${detail || 'the answer bears no uid'}; exhibit cleanup removes it`;
  await record.effect({
    kind,
    subject,
    outcome: isRefused ? 'refused' : 'unknown',
    detail: told,
    auditIds,
    after: null,
  });
  throw podRefused(reason, told);
}
