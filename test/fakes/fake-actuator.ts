import { mergePatch } from '../../src/sandbox/apply-patch.js';
import type { ApiRefusalKind } from '../../src/model/api-refusal.js';
import type { ActuateAnswer, ClusterActuator, ObjectRef } from '../../src/ports/cluster-actuator.js';

type Plain = Record<string, unknown>;

/** What becomes of a write: it is refused, or its answer is lost before or after the server did it. */
export type WriteFault = ApiRefusalKind | 'lost-undone' | 'lost-done' | 'kept-away';

/** Objects in memory behind the port: versions, uids and merge patches as the API server treats them. */
export class FakeActuator {
  readonly objects = new Map<string, Plain>();
  /** `PATCH nodes/worker`, in order; reads are not among them. */
  readonly writes: string[] = [];
  /** Taken by the writes in their order; `null` = none. */
  readonly faults: (WriteFault | null)[] = [];
  #version = 100;
  #calls = 0;

  put(resource: string, object: Plain & { readonly metadata: Plain }): void {
    const { namespace = '', name } = object.metadata as { namespace?: string; name: string };
    this.#store(`${resource}/${namespace}/${name}`, object);
  }

  object(resource: string, name: string, namespace = ''): Plain | undefined {
    return this.objects.get(`${resource}/${namespace}/${name}`);
  }

  /** As another client would. */
  change(resource: string, name: string, patch: Plain, namespace = ''): void {
    const key = `${resource}/${namespace}/${name}`;
    this.#store(key, mergePatch(this.objects.get(key), patch) as Plain);
  }

  /** Everything without what the server counts up or makes up. */
  snapshot(): readonly unknown[] {
    const plain = ({ metadata, ...rest }: Plain): Plain => {
      const { resourceVersion: _version, uid, ...others } = metadata as { resourceVersion: string; uid: string };
      return { ...rest, metadata: { ...others, uid: uid.replace(/^made-.*/, 'made') } };
    };
    return [...this.objects.entries()].map(([key, object]) => [key, plain(object)]).sort();
  }

  readonly actuator: ClusterActuator = {
    get: async (ref) => {
      const object = this.objects.get(this.#key(ref));
      return object === undefined ? this.#refused('not-found') : this.#done(object);
    },
    create: async (ref, object, options = {}) => {
      const metadata = object['metadata'] as Plain;
      const key = `${ref.resource}/${ref.namespace ?? ''}/${String(metadata['name'])}`;
      return this.#write(`POST ${key}`, options.dryRun === true, () => {
        if (this.objects.has(key)) return this.#refused('already-exists');
        const uid = `made-${String(++this.#version)}`;
        return () => this.#store(key, { ...object, metadata: { ...metadata, namespace: ref.namespace, uid } });
      });
    },
    patch: async (ref, patch, options) => {
      const key = this.#key(ref);
      if (patch.type !== 'merge') throw new Error('merge patches only');
      return this.#write(`PATCH ${key}`, options.dryRun === true, () => {
        const object = this.objects.get(key);
        if (object === undefined) return this.#refused('not-found');
        const version = (object['metadata'] as Plain)['resourceVersion'];
        if (options.resourceVersion !== version) return this.#refused('conflict');
        return () => this.#store(key, mergePatch(object, patch.patch) as Plain);
      });
    },
    delete: async (ref, options) => {
      const key = this.#key(ref);
      return this.#write(`DELETE ${key}`, options.dryRun === true, () => {
        const object = this.objects.get(key);
        if (object === undefined) return this.#refused('not-found');
        if ((object['metadata'] as Plain)['uid'] !== options.uid) return this.#refused('conflict');
        return () => {
          this.objects.delete(key);
          return {};
        };
      });
    },
    /** The pod is there until its programs have ended. */
    evict: async ({ namespace, name }, options) => {
      const key = `pods/${namespace}/${name}`;
      return this.#write(`EVICT ${key}`, options.dryRun === true, () => {
        const object = this.objects.get(key);
        if (object === undefined) return this.#refused('not-found');
        if ((object['metadata'] as Plain)['uid'] !== options.uid) return this.#refused('conflict');
        return () => this.#store(key, mergePatch(object, { metadata: { deletionTimestamp: 'now' } }) as Plain);
      });
    },
    close: () => undefined,
  };

  #write(name: string, dryRun: boolean, begin: () => ActuateAnswer | (() => Plain)): ActuateAnswer {
    this.writes.push(`${name}${dryRun ? ' (dry run)' : ''}`);
    const fault = this.faults.shift() ?? null;
    const isLost = fault === 'lost-undone' || fault === 'lost-done';
    if (fault === 'lost-undone') return this.#lost();
    if (fault !== null && !isLost && fault !== 'kept-away') return this.#refused(fault);
    const work = begin();
    if (typeof work !== 'function') return work;
    const object = dryRun || fault === 'kept-away' ? {} : work();
    return isLost ? this.#lost() : this.#done(object);
  }

  #key({ resource, namespace, name }: ObjectRef): string {
    return `${resource}/${namespace ?? ''}/${name}`;
  }

  #store(key: string, object: Plain): Plain {
    this.#version += 1;
    const metadata = { ...(object['metadata'] as Plain), resourceVersion: String(this.#version) };
    const stored = { ...object, metadata };
    this.objects.set(key, stored);
    return stored;
  }

  #call() {
    this.#calls += 1;
    const auditId = `audit-${String(this.#calls)}`;
    return { method: '', url: '', auditId, sentAt: '', attempts: 1, bodySha256: null, warnings: [] };
  }

  #done(object: unknown): ActuateAnswer {
    return { ...this.#call(), outcome: 'done', status: 200, object };
  }

  #lost(): ActuateAnswer {
    return { ...this.#call(), outcome: 'unknown', detail: 'the connection was cut' };
  }

  #refused(kind: ApiRefusalKind): ActuateAnswer {
    const right = { verb: 'patch', group: '', resource: '', namespace: '', name: '' };
    const refusal = {
      kind,
      status: 403,
      reason: kind,
      message: `refused: ${kind}`,
      causes: [],
      retryAfterMs: null,
      right,
    };
    return { ...this.#call(), outcome: 'refused', status: 403, refusal };
  }
}
