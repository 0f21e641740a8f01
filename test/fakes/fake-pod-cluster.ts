import type { ApiRefusal, ApiRefusalKind } from '../../src/model/api-refusal.js';
import type { ActionEffect, ActionRecord, PlannedAction } from '../../src/ports/action-record.js';
import type { ActuateAnswer, ClusterActuator, ObjectRef } from '../../src/ports/cluster-actuator.js';
import type { Clock } from '../../src/ports/clock.js';
import type { BufferedAnswer, ClusterReader } from '../../src/ports/cluster-reader.js';
import { systemClock } from '../../src/lib/clock.js';

type Json = Record<string, unknown>;
interface Stored extends Json {
  metadata: Json & { name: string; uid: string };
}

const RUNNING = (pod: Json): Json => ({
  phase: 'Running',
  containerStatuses: [
    {
      name: 'collector',
      state: { running: {} },
      containerID: 'containerd://c1',
      imageID: ((pod['spec'] as Json)['containers'] as Json[])[0]?.['image'],
    },
  ],
});

/** An API server with namespaces and pods in memory, as far as the collector pod needs one; every part can be told to fail. */
export class FakePodCluster {
  /** Replaced where a long wait is tested. */
  clock: Clock = systemClock;
  readonly entries: (PlannedAction | ActionEffect)[] = [];
  readonly objects = new Map<string, Stored>();
  readonly events: Json[] = [];
  nodeReady = true;
  /** What admission makes of a pod; `null` after a refusal. */
  admit: (pod: Json) => Json | ApiRefusal = (pod) => pod;
  status: (pod: Json) => Json = RUNNING;
  /** The answer to the create of a pod is lost, though it was made. */
  loseCreate = false;
  #uids = 0;

  readonly record: ActionRecord = {
    action: (action) => {
      this.entries.push(action);
      return Promise.resolve();
    },
    effect: (effect) => {
      this.entries.push(effect);
      return Promise.resolve();
    },
  };

  keyOf({ resource, namespace, name }: ObjectRef): string {
    return [resource, namespace ?? '', name].join('/');
  }

  put(ref: ObjectRef, object: Json): Stored {
    this.#uids += 1;
    const metadata = { ...(object['metadata'] as Json), name: ref.name, uid: `uid-${String(this.#uids)}` };
    const stored = { ...structuredClone(object), metadata };
    this.objects.set(this.keyOf(ref), stored);
    return stored;
  }

  get pods(): Stored[] {
    return [...this.objects].filter(([key]) => key.startsWith('pods/')).map(([, object]) => object);
  }

  refusal(kind: ApiRefusalKind, status: number, message: string): ApiRefusal {
    const right = { verb: 'create', group: '', resource: 'pods', namespace: '', name: '' };
    return { kind, status, reason: '', message, causes: [], retryAfterMs: null, right };
  }

  readonly actuator: ClusterActuator = {
    create: (ref, object) => {
      const name = (object['metadata'] as { name: string }).name;
      const admitted = ref.resource === 'pods' ? this.admit(structuredClone(object)) : object;
      if ('retryAfterMs' in admitted) return Promise.resolve(answer({ refusal: admitted as unknown as ApiRefusal }));
      const stored = this.put({ ...ref, name }, admitted);
      if (this.loseCreate) return Promise.resolve(answer({ lost: true }));
      return Promise.resolve(answer({ object: structuredClone(stored) }));
    },
    get: (ref) => Promise.resolve(this.#read(ref)),
    delete: (ref, { uid }) => {
      const found = this.objects.get(this.keyOf(ref));
      if (found === undefined) return Promise.resolve(this.#missing());
      if (uid !== null && found.metadata.uid !== uid)
        return Promise.resolve(answer({ refusal: this.refusal('conflict', 409, 'another uid') }));
      this.objects.delete(this.keyOf(ref));
      return Promise.resolve(answer({ object: {} }));
    },
    patch: () => Promise.reject(new Error('not asked for')),
    evict: () => Promise.reject(new Error('not asked for')),
    close: () => undefined,
  };

  readonly reader: Pick<ClusterReader, 'get'> = {
    get: ({ path }) => {
      const ready = { type: 'Ready', status: this.nodeReady ? 'True' : 'Unknown', reason: 'NodeStatusUnknown' };
      const body = path.endsWith('/events') ? { items: this.events } : { status: { conditions: [ready] } };
      return Promise.resolve({ status: 200, body: Buffer.from(JSON.stringify(body)) } as BufferedAnswer);
    },
  };

  #missing(): ActuateAnswer {
    return answer({ refusal: this.refusal('not-found', 404, 'not found') });
  }

  #read(ref: ObjectRef): ActuateAnswer {
    const found = this.objects.get(this.keyOf(ref));
    if (found === undefined) return this.#missing();
    const object = structuredClone(found);
    return answer({ object: ref.resource === 'pods' ? { ...object, status: this.status(object) } : object });
  }
}

function answer(what: { object?: unknown; refusal?: ApiRefusal; lost?: boolean }): ActuateAnswer {
  const call = {
    method: 'POST',
    url: 'https://cluster.example/',
    auditId: 'audit',
    sentAt: '2026-01-02T03:04:05.000Z',
    attempts: 1,
    bodySha256: null,
    warnings: [],
  };
  if (what.lost === true) return { ...call, outcome: 'unknown', detail: 'connection reset' };
  if (what.refusal !== undefined)
    return { ...call, outcome: 'refused', status: what.refusal.status, refusal: what.refusal };
  return { ...call, outcome: 'done', status: 200, object: what.object };
}
