/** How much of a request is written down, in ascending order (audit.k8s.io/v1). */
export const AUDIT_LEVELS = ['None', 'Metadata', 'Request', 'RequestResponse'] as const;
export type AuditLevel = (typeof AUDIT_LEVELS)[number];

/** Moments of a request of which events are made. */
export const AUDIT_STAGES = ['RequestReceived', 'ResponseStarted', 'ResponseComplete', 'Panic'] as const;
export type AuditStage = (typeof AUDIT_STAGES)[number];

export const isAtLeast = (level: AuditLevel, wanted: AuditLevel): boolean =>
  AUDIT_LEVELS.indexOf(level) >= AUDIT_LEVELS.indexOf(wanted);

/** Resources of one API group; empty lists = all. */
export interface PolicyResources {
  readonly group: string;
  readonly resources: readonly string[];
  readonly resourceNames: readonly string[];
}

/** One rule; an empty list says nothing. `line` is where it begins in its file, from 1. */
export interface PolicyRule {
  readonly line: number;
  readonly level: AuditLevel;
  readonly users: readonly string[];
  readonly userGroups: readonly string[];
  readonly verbs: readonly string[];
  readonly resources: readonly PolicyResources[];
  readonly namespaces: readonly string[];
  readonly nonResourceURLs: readonly string[];
  readonly omitStages: readonly AuditStage[];
}

/** An audit policy; the first rule that matches decides. */
export interface AuditPolicy {
  readonly apiVersion: string;
  readonly rules: readonly PolicyRule[];
  readonly omitStages: readonly AuditStage[];
}

/** What of a request a policy looks at. `path` alone tells a request that is about no resource. */
export interface RequestAttributes {
  readonly user: string;
  readonly groups: readonly string[];
  readonly verb: string;
  /** `null` = the request is about no resource. */
  readonly resource: {
    readonly group: string;
    readonly resource: string;
    /** Empty = none. */
    readonly subresource: string;
    /** Empty = no single object. */
    readonly name: string;
    /** Empty = cluster-scoped, or all namespaces. */
    readonly namespace: string;
  } | null;
  readonly path: string;
}
