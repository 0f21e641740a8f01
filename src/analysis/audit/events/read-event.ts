import { parseInstant } from '../../../lib/clock.js';
import { valueAt } from '../../../lib/untyped.js';
import type { AuditEvent, AuditObject, AuditUser } from '../../../model/audit-event.js';
import { AUDIT_LEVELS, AUDIT_STAGES } from '../../../model/audit-policy.js';

/** A member has another type than the format says. */
export class WrongType extends Error {
  override readonly name = 'WrongType';
}

/** Text; `undefined` when it is not there. Throws `WrongType`. */
export function textAt(value: unknown, ...path: readonly string[]): string | undefined {
  const found = valueAt(value, ...path);
  if (found === undefined || found === null) return undefined;
  if (typeof found !== 'string') throw new WrongType(path.join('.'));
  return found;
}

export function neededText(value: unknown, ...path: readonly string[]): string {
  const found = textAt(value, ...path);
  if (found === undefined || found === '') throw new WrongType(path.join('.'));
  return found;
}

function oneOf<T extends string>(known: readonly T[], found: string, name: string): T {
  const one = known.find((word) => word === found);
  if (one === undefined) throw new WrongType(name);
  return one;
}

function textsAt(value: unknown, ...path: readonly string[]): readonly string[] {
  const found = valueAt(value, ...path);
  if (found === undefined || found === null) return [];
  if (!Array.isArray(found) || found.some((one) => typeof one !== 'string')) throw new WrongType(path.join('.'));
  return found as string[];
}

function membersAt(value: unknown, ...path: readonly string[]): readonly (readonly [string, unknown])[] {
  const found = valueAt(value, ...path);
  if (found === undefined || found === null) return [];
  if (typeof found !== 'object' || Array.isArray(found)) throw new WrongType(path.join('.'));
  return Object.entries(found);
}

/** `undefined` when there is none. Throws `WrongType` for what is no RFC 3339 instant. */
export function instantAt(value: unknown, ...path: readonly string[]): number | undefined {
  const text = textAt(value, ...path);
  if (text === undefined) return undefined;
  const at = /^\d{4}-/.test(text) ? parseInstant(text) : null;
  if (at === null) throw new WrongType(path.join('.'));
  return at;
}

function userAt(value: unknown, member: string): AuditUser | null {
  const user = valueAt(value, member);
  if (user === undefined || user === null) return null;
  if (typeof user !== 'object' || Array.isArray(user)) throw new WrongType(member);
  return {
    username: textAt(value, member, 'username') ?? '',
    uid: textAt(value, member, 'uid') ?? null,
    groups: textsAt(value, member, 'groups'),
    extra: Object.fromEntries(
      membersAt(value, member, 'extra').map(([key]) => [key, textsAt(value, member, 'extra', key)]),
    ),
  };
}

function objectAt(value: unknown): AuditObject | null {
  if (membersAt(value, 'objectRef').length === 0) return null;
  const of = (name: string): string => textAt(value, 'objectRef', name) ?? '';
  return {
    ...{ group: of('apiGroup'), version: of('apiVersion'), resource: of('resource') },
    ...{ subresource: of('subresource'), namespace: of('namespace'), name: of('name'), uid: of('uid') },
  };
}

function codeAt(value: unknown): number | null {
  const code = valueAt(value, 'responseStatus', 'code');
  if (code === undefined || code === null) return null;
  if (typeof code !== 'number' || !Number.isSafeInteger(code)) throw new WrongType('responseStatus.code');
  return code;
}

function annotationsAt(value: unknown): Readonly<Record<string, string>> {
  return Object.fromEntries(
    membersAt(value, 'annotations').map(([key, text]) => {
      if (typeof text !== 'string') throw new WrongType('annotations');
      return [key, text];
    }),
  );
}

/** An event as an API server writes it. Throws `WrongType` with the member that is not what the format says. */
export function readEvent(value: unknown, format: 'audit.k8s.io/v1' | 'audit.k8s.io/v1beta1'): AuditEvent {
  const atMs = instantAt(value, 'stageTimestamp') ?? instantAt(value, 'timestamp');
  const user = userAt(value, 'user');
  if (atMs === undefined) throw new WrongType('stageTimestamp');
  if (user === null) throw new WrongType('user');
  return {
    format,
    auditId: neededText(value, 'auditID'),
    stage: oneOf(AUDIT_STAGES, neededText(value, 'stage'), 'stage'),
    level: oneOf(AUDIT_LEVELS, neededText(value, 'level'), 'level'),
    atMs,
    receivedAtMs: instantAt(value, 'requestReceivedTimestamp') ?? null,
    verb: neededText(value, 'verb'),
    uri: textAt(value, 'requestURI') ?? '',
    user,
    impersonated: userAt(value, 'impersonatedUser'),
    sourceIps: textsAt(value, 'sourceIPs'),
    userAgent: textAt(value, 'userAgent') ?? null,
    object: objectAt(value),
    code: codeAt(value),
    annotations: annotationsAt(value),
    request: valueAt(value, 'requestObject') ?? null,
    response: valueAt(value, 'responseObject') ?? null,
    inferred: [],
  };
}
