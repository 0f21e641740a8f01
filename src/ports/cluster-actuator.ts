import type { ApiRefusal } from '../model/api-refusal.js';

/** A resource as the API's paths name it: `{ group: '', version: 'v1', resource: 'pods', namespace: 'default' }`. */
export interface ResourceRef {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  /** Plural, lower case. */
  readonly resource: string;
  /** `null` for what has no namespace. */
  readonly namespace: string | null;
}

export interface ObjectRef extends ResourceRef {
  readonly name: string;
}

export interface ActuateOptions {
  /** The server goes through everything, admissions included, and keeps nothing. */
  readonly dryRun?: boolean;
  readonly signal?: AbortSignal;
}

export interface DeleteOptions extends ActuateOptions {
  /** Only the object with this uid is deleted; another of the same name is a `conflict`. `null` = whichever bears the name. */
  readonly uid: string | null;
  /** Seconds that its programs have to end; 0 = at once. Default: the object's own. */
  readonly gracePeriodSeconds?: number;
  readonly propagation?: 'Foreground' | 'Background' | 'Orphan';
}

/** An RFC 6902 operation. */
export interface JsonPatchOperation {
  readonly op: 'add' | 'remove' | 'replace' | 'move' | 'copy' | 'test';
  readonly path: string;
  readonly from?: string;
  readonly value?: unknown;
}

export type ObjectPatch =
  | { readonly type: 'json'; readonly operations: readonly JsonPatchOperation[] }
  | { readonly type: 'merge'; readonly patch: Readonly<Record<string, unknown>> };

export interface PatchOptions extends ActuateOptions {
  /** The state that was looked at: any other one is a `conflict`. `null` = whichever there is. */
  readonly resourceVersion: string | null;
  /** `scale`, `status`, `ephemeralcontainers`; default the object itself. */
  readonly subresource?: string;
}

export interface EvictOptions extends ActuateOptions {
  readonly uid: string | null;
  readonly gracePeriodSeconds?: number;
}

/** What is known of a call whatever became of it. */
export interface ActuateCall {
  readonly method: string;
  readonly url: string;
  readonly auditId: string;
  /** RFC 3339 UTC by our clock. */
  readonly sentAt: string;
  /** Requests in all: more than one after a refused credential, a throttle, or a failure before anything was sent. */
  readonly attempts: number;
  /** Of the answer as received; `null` without one. */
  readonly bodySha256: string | null;
  /** Texts of the `Warning` headers; untrusted. */
  readonly warnings: readonly string[];
}

/**
 * What became of a call. `done`: the server says so; `object` is its answer as parsed (the object, or a `Status`), untrusted. `refused`:
 * the server says that it did not do it. `unknown`: the request left and no whole answer came back, so it may or may not have been done;
 * read back before anything else.
 */
export type ActuateAnswer = ActuateCall &
  (
    | { readonly outcome: 'done'; readonly status: number; readonly object: unknown }
    | { readonly outcome: 'refused'; readonly status: number; readonly refusal: ApiRefusal }
    | { readonly outcome: 'unknown'; readonly detail: string }
  );

/**
 * Changes objects through the API server as field manager `exhibit`. Each request carries an Audit-ID of our own making and is in the
 * request log, lost ones included. Repeated by itself only where the server cannot have acted: nothing was sent, 401, 429; reads, dry runs
 * and deletions by uid also after a lost answer. Each change goes over a connection of its own, so that a stale one cannot lose it. Throws
 * only when nothing was sent: `CLUSTER_UNREACHABLE`, `CLUSTER_UNAUTHENTICATED`, `INTERRUPTED`. Safe for concurrent use.
 */
export interface ClusterActuator {
  /** `object` with apiVersion, kind and metadata as the API takes it. */
  create(ref: ResourceRef, object: Readonly<Record<string, unknown>>, options?: ActuateOptions): Promise<ActuateAnswer>;
  /** Never `unknown`: a lost read throws `TIMEOUT`, `CUT` or `CLUSTER_UNREACHABLE`. */
  get(ref: ObjectRef, options?: Pick<ActuateOptions, 'signal'>): Promise<ActuateAnswer>;
  /** `done` means accepted: an object with a grace period or finalizers is still there. Read back until `not-found`. */
  delete(ref: ObjectRef, options: DeleteOptions): Promise<ActuateAnswer>;
  patch(ref: ObjectRef, patch: ObjectPatch, options: PatchOptions): Promise<ActuateAnswer>;
  /** Deletes a pod as far as its disruption budgets allow. */
  evict(pod: { readonly namespace: string; readonly name: string }, options: EvictOptions): Promise<ActuateAnswer>;
  /** Ends what is under way. */
  close(): void;
}
