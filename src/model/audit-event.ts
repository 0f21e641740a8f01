import type { AuditLevel, AuditStage } from './audit-policy.js';

/** Who a request was by, as the server knew it. */
export interface AuditUser {
  readonly username: string;
  readonly uid: string | null;
  readonly groups: readonly string[];
  /** `authentication.kubernetes.io/credential-id` and what else the authenticator said. */
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

/** What a request was about; empty = not said. */
export interface AuditObject {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** An event of an audit log, whatever it was wrapped in. All text in it is untrusted. */
export interface AuditEvent {
  readonly format: 'audit.k8s.io/v1' | 'audit.k8s.io/v1beta1' | 'gke';
  readonly auditId: string;
  readonly stage: AuditStage;
  readonly level: AuditLevel;
  /** Milliseconds since 1970; of the stage. */
  readonly atMs: number;
  /** When the request came; `null` = not said. */
  readonly receivedAtMs: number | null;
  readonly verb: string;
  readonly uri: string;
  readonly user: AuditUser;
  /** As whom the request was made; `user` made it. */
  readonly impersonated: AuditUser | null;
  /** All but the last can be made up by the client. */
  readonly sourceIps: readonly string[];
  readonly userAgent: string | null;
  /** `null` = a path that is about no resource, or the log does not say. */
  readonly object: AuditObject | null;
  readonly code: number | null;
  readonly annotations: Readonly<Record<string, string>>;
  readonly request: unknown;
  readonly response: unknown;
  /** Members that the log does not have and that were concluded from others. */
  readonly inferred: readonly string[];
}

/** Why a line is no event. Its bytes stay where they are. */
export const QUARANTINE_REASONS = [
  'not-utf8',
  'not-json',
  'no-audit-event',
  'unknown-version',
  'wrong-type',
  'too-long',
  'torn',
] as const;
export type QuarantineReason = (typeof QUARANTINE_REASONS)[number];

/** What one line of a log is. A line without an end is `torn`; one that its sender cut is `truncated`, with the audit id if that is left. */
export type AuditLine =
  | { readonly kind: 'events'; readonly events: readonly AuditEvent[] }
  | { readonly kind: 'truncated'; readonly auditId: string | null }
  | { readonly kind: 'quarantined'; readonly reason: QuarantineReason; readonly detail: string }
  | { readonly kind: 'blank' };
