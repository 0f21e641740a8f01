import type { AuditLevel } from '../../model/audit-policy.js';

/** Whose request it would be: somebody with a login, a service account, the kubelet of a node, nobody known. */
export type Actor = 'person' | 'workload' | 'node' | 'anonymous';

/** A kind of request by which an attack becomes visible. */
export interface Trigger {
  /** Left out = a person or a service account. */
  readonly who?: readonly Actor[];
  /** As in the audit log: those of a WebSocket upgrade are `get`. */
  readonly verbs: readonly string[];
  /** `RESOURCE[/SUBRESOURCE][.GROUP]`. Empty = a path, see `path`. */
  readonly on: string;
  /** Left out = any namespace; `null` = cluster-scoped, or all namespaces at once. */
  readonly namespace?: string | null;
  /** Of one object. */
  readonly name?: string;
  /** Of a request that is about no resource. */
  readonly path?: string;
  /** Without this nothing is seen. */
  readonly needs: Exclude<AuditLevel, 'None'>;
  /** Without this the event is seen and not its gravity. Left out = `needs`. */
  readonly whole?: Exclude<AuditLevel, 'None'>;
}

export type Severity = 'critical' | 'high' | 'medium' | 'low';

/** Something of an attack that an audit log can show, and what the log must hold for it. */
export interface Detection {
  /** `D01` to `D44`. */
  readonly id: string;
  readonly title: string;
  readonly severity: Severity;
  /** Ids of MITRE ATT&CK. */
  readonly techniques: readonly string[];
  /** Threads and pages that it rests on. */
  readonly references: readonly string[];
  readonly triggers: readonly Trigger[];
  /** What beside the log it takes; `null` = nothing. */
  readonly besides: string | null;
}
