/**
 * Why the API server refused, as far as its answer tells. `forbidden`: the identity lacks a right. `admission`: the right is there, and an
 * admission said no (PodSecurity, quota, a webhook, a namespace that ends). `disruption-budget`: an eviction that a budget holds back.
 */
export type ApiRefusalKind =
  | 'forbidden'
  | 'admission'
  | 'not-found'
  | 'already-exists'
  | 'conflict'
  | 'invalid'
  | 'disruption-budget'
  | 'throttled'
  | 'not-supported'
  | 'server';

/** A `Status` of the API with what was asked. Strings of the server are untrusted and kept word by word: escape them on the way out. */
export interface ApiRefusal {
  readonly kind: ApiRefusalKind;
  /** HTTP status of the answer. */
  readonly status: number;
  /** The server's own CamelCase word, or empty. */
  readonly reason: string;
  /** The server's sentence; of an answer that is no `Status` the beginning of its body. */
  readonly message: string;
  readonly causes: readonly { readonly reason: string; readonly message: string; readonly field: string }[];
  /** Of the `Retry-After` header; `null` = the server named no time. */
  readonly retryAfterMs: number | null;
  /** What the identity needs to be allowed to do what was refused. */
  readonly right: ApiRight;
}

/** A right as rules name it. `resource` has its subresource: `pods/exec`; an empty namespace is the whole cluster. */
export interface ApiRight {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
}
