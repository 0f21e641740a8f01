import { arrayAt } from '../lib/untyped.js';
import type { ApiRight } from '../model/api-refusal.js';
import type {
  ActuateAnswer,
  ActuateOptions,
  ClusterActuator,
  DeleteOptions,
  EvictOptions,
  ObjectPatch,
  ObjectRef,
  PatchOptions,
  ResourceRef,
} from '../ports/cluster-actuator.js';
import type { CheckpointOptions, ContainerCheckpointer, ContainerName } from '../ports/container-checkpointer.js';
import type { Clock, Ids } from '../ports/clock.js';
import type { Io } from '../ports/io.js';
import type { RequestLog } from '../ports/request-log.js';
import { abortablePause, joinSignals } from './abortable-pause.js';
import { ActuateCaller } from './actuate-call.js';
import { type AttemptRequest, type Caller, createCaller } from './attempt.js';
import { checkpointPath, objectPath } from './object-path.js';
import { patchBody } from './patch-body.js';
import type { ResolvedConnection } from './resolved-connection.js';

const FIELD_MANAGER = ['fieldManager', 'exhibit'] as const;
const ANSWER_TIMEOUT_MS = 60_000;
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

export interface ActuatorDeps {
  readonly requestLog: RequestLog;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly io: Io;
  readonly userAgent: string;
  /** Ends everything that is under way. */
  readonly signal?: AbortSignal;
  /** How waiting is done; tests replace it. */
  readonly pause?: (delayMs: number, signal: AbortSignal | null) => Promise<void>;
}

interface Asked {
  readonly method: AttemptRequest['method'];
  readonly path: string;
  readonly query?: readonly (readonly [string, string])[];
  readonly body?: Buffer;
  readonly contentType?: string;
  readonly right: ApiRight;
  readonly repeatable: boolean;
  readonly options: ActuateOptions;
  readonly isAnswer?: (object: unknown) => boolean;
  readonly timeoutMs?: number;
}

function rightTo(verb: string, ref: ResourceRef & { readonly name?: string }, subresource?: string): ApiRight {
  const resource = subresource === undefined ? ref.resource : `${ref.resource}/${subresource}`;
  return { verb, group: ref.group, resource, namespace: ref.namespace ?? '', name: ref.name ?? '' };
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value), 'utf8');
}

/**
 * What a deletion or an eviction asks for beside the name. A dry run must be asked for here: where a deletion has a body the API server
 * does not look at the query, and what was to be tried would be done.
 */
function deleteOptions(options: DeleteOptions | EvictOptions): Record<string, unknown> {
  const propagation = 'propagation' in options ? { propagationPolicy: options.propagation } : {};
  return {
    kind: 'DeleteOptions',
    apiVersion: 'v1',
    ...(options.uid === null ? {} : { preconditions: { uid: options.uid } }),
    ...(options.gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds: options.gracePeriodSeconds }),
    ...propagation,
    ...(options.dryRun === true ? { dryRun: ['All'] } : {}),
  };
}

class ConnectedActuator implements ClusterActuator, ContainerCheckpointer {
  readonly #connection: ResolvedConnection;
  readonly #deps: ActuatorDeps;
  readonly #caller: Caller;
  readonly #calls: ActuateCaller;
  readonly #closing = new AbortController();

  constructor(connection: ResolvedConnection, deps: ActuatorDeps) {
    this.#connection = connection;
    this.#deps = deps;
    this.#caller = createCaller(connection, { ...deps, keepConnections: false });
    const { clock, io, pause = abortablePause } = deps;
    this.#calls = new ActuateCaller({ connection, caller: this.#caller, clock, io, pause });
  }

  async create(
    ref: ResourceRef,
    object: Readonly<Record<string, unknown>>,
    options: ActuateOptions = {},
  ): Promise<ActuateAnswer> {
    return await this.#call({
      method: 'POST',
      path: objectPath(ref),
      query: [FIELD_MANAGER],
      body: json(object),
      // What is made has no name yet that a rule could bear.
      right: rightTo('create', { ...ref, name: '' }),
      repeatable: options.dryRun === true,
      options,
    });
  }

  async get(ref: ObjectRef, options: Pick<ActuateOptions, 'signal'> = {}): Promise<ActuateAnswer> {
    const right = rightTo('get', ref);
    return await this.#call({ method: 'GET', path: objectPath(ref, ref.name), right, repeatable: true, options });
  }

  async delete(ref: ObjectRef, options: DeleteOptions): Promise<ActuateAnswer> {
    return await this.#call({
      method: 'DELETE',
      path: objectPath(ref, ref.name),
      body: json(deleteOptions(options)),
      right: rightTo('delete', ref),
      // Without the uid the second try might hit an object that was made in between.
      repeatable: options.uid !== null || options.dryRun === true,
      options,
    });
  }

  async patch(ref: ObjectRef, patch: ObjectPatch, options: PatchOptions): Promise<ActuateAnswer> {
    return await this.#call({
      method: 'PATCH',
      path: objectPath(ref, ref.name, options.subresource),
      query: [FIELD_MANAGER],
      ...patchBody(patch, options.resourceVersion),
      right: rightTo('patch', ref, options.subresource),
      repeatable: options.dryRun === true,
      options,
    });
  }

  async evict(
    { namespace, name }: { readonly namespace: string; readonly name: string },
    options: EvictOptions,
  ): Promise<ActuateAnswer> {
    const pods = { group: '', version: 'v1', resource: 'pods', namespace };
    const metadata = { name, namespace };
    const eviction = { kind: 'Eviction', apiVersion: 'policy/v1', metadata, deleteOptions: deleteOptions(options) };
    return await this.#call({
      method: 'POST',
      path: objectPath(pods, name, 'eviction'),
      body: json(eviction),
      right: rightTo('create', { ...pods, name }, 'eviction'),
      repeatable: options.uid !== null || options.dryRun === true,
      options,
    });
  }

  async checkpoint(container: ContainerName, { timeoutSeconds, signal }: CheckpointOptions): Promise<ActuateAnswer> {
    const nodes = { group: '', version: 'v1', resource: 'nodes', namespace: null, name: container.node };
    return await this.#call({
      method: 'POST',
      path: checkpointPath(container),
      query: [['timeout', String(timeoutSeconds)]],
      right: rightTo('create', nodes, 'proxy'),
      repeatable: false,
      options: signal === undefined ? {} : { signal },
      isAnswer: (object) => arrayAt(object, 'items').length > 0,
      timeoutMs: timeoutSeconds * 1000 + ANSWER_TIMEOUT_MS,
    });
  }

  close(): void {
    this.#closing.abort();
    this.#caller.close();
  }

  async #call(asked: Asked): Promise<ActuateAnswer> {
    const { options, right, repeatable, isAnswer } = asked;
    const own = joinSignals(options.signal, this.#deps.signal);
    const joined = joinSignals(own.signal ?? undefined, this.#closing.signal);
    try {
      const request = this.#requestOf(asked, joined.signal);
      return await this.#calls.call({ request, right, repeatable, ...(isAnswer === undefined ? {} : { isAnswer }) });
    } finally {
      joined.done();
      own.done();
    }
  }

  #requestOf(asked: Asked, signal: AbortSignal | null): AttemptRequest {
    const query = [...(asked.query ?? []), ...(asked.options.dryRun === true ? [['dryRun', 'All'] as const] : [])];
    const text = query.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&');
    const timeoutMs = asked.timeoutMs ?? this.#connection.requestTimeoutMs ?? ANSWER_TIMEOUT_MS;
    return {
      method: asked.method,
      target: text === '' ? asked.path : `${asked.path}?${text}`,
      accept: 'application/json',
      body: asked.body ?? null,
      ...(asked.contentType === undefined ? {} : { contentType: asked.contentType }),
      firstByteTimeoutMs: timeoutMs,
      idleTimeoutMs: timeoutMs,
      maxBytes: MAX_ANSWER_BYTES,
      signal,
    };
  }
}

/** Changes one connection's cluster; see the port for the contract. Opens no connection before the first call. */
export function connectActuator(
  connection: ResolvedConnection,
  deps: ActuatorDeps,
): ClusterActuator & ContainerCheckpointer {
  return new ConnectedActuator(connection, deps);
}
