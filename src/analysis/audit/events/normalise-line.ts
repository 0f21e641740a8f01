import { arrayAt, stringAt, valueAt } from '../../../lib/untyped.js';
import type { AuditEvent, AuditLine, QuarantineReason } from '../../../model/audit-event.js';
import { readEvent, WrongType } from './read-event.js';
import { readGkeEvent } from './read-gke-event.js';

const OPENING = 0x7b;
/** What senders put in the place of what they cut off. */
const CUT_MARK = /\[Truncated\.{3}\]\s*$|skipped-too-big-size-object/;
const AUDIT_ID = /"auditID"\s*:\s*"([0-9A-Za-z-]{1,128})"/;
/** `2026-01-02T03:04:05.678Z stdout F {`, and exports of CloudWatch, which have the instant alone. */
const PREFIX = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)(?: (?:stdout|stderr) [FP])? (?=\{)/;
/** Envelopes in envelopes are nobody's. */
const MAX_DEPTH = 3;

const decoder = new TextDecoder('utf-8', { fatal: true });

const quarantined = (reason: QuarantineReason, detail = ''): AuditLine => ({ kind: 'quarantined', reason, detail });

class UnknownVersion extends Error {}

/** The text inside an envelope: CloudWatch has it in `message`, diagnostic settings of Azure in `properties.log`, as text or as an object. */
function unwrapped(value: unknown): unknown {
  for (const inner of [valueAt(value, 'message'), valueAt(value, 'properties', 'log'), valueAt(value, 'log')]) {
    if (typeof inner === 'string' && inner.trimStart().startsWith('{')) return parsed(inner);
    if (typeof inner === 'object' && inner !== null && !Array.isArray(inner)) return inner;
  }
  return undefined;
}

class Cut extends Error {
  readonly auditId: string | null;
  constructor(text: string) {
    super('cut off by its sender');
    this.auditId = AUDIT_ID.exec(text)?.[1] ?? null;
  }
}

class NoJson extends Error {}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    if (CUT_MARK.test(text)) throw new Cut(text);
    throw new NoJson();
  }
}

function itemsOf(list: unknown, version: string, depth: number): readonly AuditEvent[] {
  if (depth >= MAX_DEPTH) return [];
  return arrayAt(list, 'items').flatMap((item, index) => {
    const events = eventsOf(withVersion(item, version), depth + 1);
    if (events.length === 0) throw new WrongType(`items.${String(index)}`);
    return events;
  });
}

function eventsOf(value: unknown, depth = 0): readonly AuditEvent[] {
  const version = stringAt(value, 'apiVersion') ?? '';
  if (version.startsWith('audit.k8s.io/')) {
    const kind = stringAt(value, 'kind');
    if (kind === 'EventList') return itemsOf(value, version, depth);
    if (kind !== 'Event') return [];
    if (version === 'audit.k8s.io/v1' || version === 'audit.k8s.io/v1beta1') return [readEvent(value, version)];
    throw new UnknownVersion(version);
  }
  if (valueAt(value, 'protoPayload') !== undefined) return [readGkeEvent(value)];
  const inner = depth < MAX_DEPTH ? unwrapped(value) : undefined;
  return inner === undefined ? [] : eventsOf(inner, depth + 1);
}

/** Items of a list do not repeat what the list says. */
function withVersion(item: unknown, apiVersion: string): unknown {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) return item;
  return { apiVersion, kind: 'Event', ...item };
}

/**
 * What a line of an audit log is, by any of the wrappings that API servers, containers and clouds put around events. `bytes`: without the
 * line's end. Never throws for what stands there: what cannot be read is quarantined with the reason.
 */
export function normaliseLine(bytes: Uint8Array): AuditLine {
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch {
    return quarantined('not-utf8');
  }
  const bare = text.charCodeAt(0) === OPENING ? text : text.trim().replace(PREFIX, '');
  if (bare === '') return { kind: 'blank' };
  try {
    const events = eventsOf(parsed(bare));
    return events.length === 0 ? quarantined('no-audit-event') : { kind: 'events', events };
  } catch (error) {
    if (error instanceof Cut) return { kind: 'truncated', auditId: error.auditId };
    if (error instanceof NoJson) return quarantined('not-json');
    if (error instanceof UnknownVersion) return quarantined('unknown-version', error.message.slice(0, 100));
    if (error instanceof WrongType) return quarantined('wrong-type', error.message.slice(0, 100));
    throw error;
  }
}
