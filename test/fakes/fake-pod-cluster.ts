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
  mayListPods = true;
  /** What admission makes of a pod; `null` after a refusal. */
  admit: (pod: Json) => Json | ApiRefusal = (pod) => pod;
  status: (pod: Json) => Json = RUNNING;
  /** The answer to the create of a pod is lost, though it was made. */
  loseCreate = false;
  /** With `loseCreate`: looks at the pod that find nothing, since a webhook still thinks. */
  storedAfterLooks = 0;
  /** With `loseCreate`: looks at the pod that fail. */
  failingLooks = 0;
  /** Told of each create as it is under way. */
  onCreate: (signal: AbortSignal | undefined) => void = () => undefined;
  /** Between two looks; `null` = as long as it takes. */
  pause: ((delayMs: number) => Promise<void>) | null = null;
  #thinking: { readonly ref: ObjectRef; readonly object: Json } | null = null;
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
    create: (ref, object, options) => {
      this.onCreate(options?.signal);
      const name = (object['metadata'] as { name: string }).name;
      const admitted = ref.resource === 'pods' ? this.admit(structuredClone(object)) : object;
      if ('retryAfterMs' in admitted) return Promise.resolve(answer({ refusal: admitted as unknown as ApiRefusal }));
      if (this.loseCreate && ref.resource === 'pods' && this.storedAfterLooks > 0) {
        this.#thinking = { ref: { ...ref, name }, object: admitted };
        return Promise.resolve(answer({ lost: true }));
      }
      const stored = this.put({ ...ref, name }, admitted);
      if (this.loseCreate) return Promise.resolve(answer({ lost: true }));
      return Promise.resolve(answer({ object: structuredClone(stored) }));
    },
    get: (ref) => {
      if (ref.resource === 'pods' && this.failingLooks > 0) {
        this.failingLooks -= 1;
        return Promise.reject(new Error('connection refused'));
      }
      const seen = this.#read(ref);
      this.#think(ref);
      return Promise.resolve(seen);
    },
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
      const pods = /\/namespaces\/([^/]+)\/pods$/.exec(path)?.[1];
      if (pods !== undefined) {
        const items = this.pods.filter(({ metadata }) => metadata['namespace'] === pods);
        const body = Buffer.from(JSON.stringify({ items }));
        return Promise.resolve({ status: this.mayListPods ? 200 : 403, body } as BufferedAnswer);
      }
      const ready = { type: 'Ready', status: this.nodeReady ? 'True' : 'Unknown', reason: 'NodeStatusUnknown' };
      const body = path.endsWith('/events') ? { items: this.events } : { status: { conditions: [ready] } };
      return Promise.resolve({ status: 200, body: Buffer.from(JSON.stringify(body)) } as BufferedAnswer);
    },
  };

  /** From now on time passes only by waiting, and waiting takes no time. */
  skipTime(): void {
    let nowUs = 0;
    this.clock = { ...systemClock, monoUs: () => nowUs };
    this.pause = (delayMs) => {
      nowUs += delayMs * 1000;
      return Promise.resolve();
    };
  }

  #think({ resource }: ObjectRef): void {
    if (this.#thinking === null || resource !== 'pods') return;
    this.storedAfterLooks -= 1;
    if (this.storedAfterLooks > 0) return;
    this.put(this.#thinking.ref, this.#thinking.object);
    this.#thinking = null;
  }

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
