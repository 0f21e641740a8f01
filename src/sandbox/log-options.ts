import { parseInstant, toRfc3339 } from '../lib/clock.js';
import { badRequest, type Failure } from './status-body.js';

/** What a log call asks for. `null` = not asked. */
export interface LogOptions {
  readonly container: string;
  readonly previous: boolean;
  readonly timestamps: boolean;
  /** Nanoseconds are never given: the API server cuts to whole seconds before it asks the kubelet. */
  readonly sinceAt: string | null;
  readonly tailLines: number | null;
  readonly limitBytes: number | null;
}

function invalid(pod: string, field: string, cause: { reason: string; message: string }): Failure {
  return {
    code: 422,
    reason: 'Invalid',
    message: `PodLogOptions "${pod}" is invalid: ${field}: ${cause.message}`,
    details: { name: pod, kind: 'PodLogOptions', causes: [{ ...cause, field }] },
  };
}

class Refusal extends Error {
  readonly failure: Failure;
  constructor(failure: Failure) {
    super(failure.message);
    this.failure = failure;
  }
}

function integer(query: URLSearchParams, key: string): number | null {
  const text = query.get(key) ?? '';
  if (text === '') return null;
  if (/^[+-]?[0-9]+$/.test(text)) return Number(text);
  throw new Refusal(badRequest(`strconv.ParseInt: parsing "${text}": invalid syntax`));
}

function atLeast(pod: string, limit: { key: string; least: 0 | 1 }, value: number | null): void {
  if (value === null || value >= limit.least) return;
  const rule = limit.least === 0 ? 'must be greater than or equal to 0' : 'must be greater than 0';
  throw new Refusal(
    invalid(pod, limit.key, { reason: 'FieldValueInvalid', message: `Invalid value: ${value}: ${rule}` }),
  );
}

const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

function instant(query: URLSearchParams): number | null {
  const text = query.get('sinceTime') ?? '';
  if (text === '') return null;
  const ms = RFC3339.test(text) ? parseInstant(text) : null;
  if (ms !== null) return Math.floor(ms / 1000) * 1000;
  throw new Refusal(
    badRequest(`parsing time "${text}" as "2006-01-02T15:04:05Z07:00": cannot parse "${text}" as "2006"`),
  );
}

function read(pod: string, query: URLSearchParams, nowMs: number): LogOptions {
  const tailLines = integer(query, 'tailLines');
  const limitBytes = integer(query, 'limitBytes');
  const sinceSeconds = integer(query, 'sinceSeconds');
  const sinceMs = instant(query);
  atLeast(pod, { key: 'tailLines', least: 0 }, tailLines);
  atLeast(pod, { key: 'limitBytes', least: 1 }, limitBytes);
  if (sinceMs !== null && sinceSeconds !== null) {
    const message = 'Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified';
    throw new Refusal(invalid(pod, '[]', { reason: 'FieldValueForbidden', message }));
  }
  atLeast(pod, { key: 'sinceSeconds', least: 1 }, sinceSeconds);
  const since = sinceMs ?? (sinceSeconds === null ? null : nowMs - sinceSeconds * 1000);
  const flag = (key: string): boolean => ['true', '1'].includes(query.get(key) ?? '');
  return {
    container: query.get('container') ?? '',
    previous: flag('previous'),
    timestamps: flag('timestamps'),
    sinceAt: since === null ? null : toRfc3339(since),
    tailLines,
    limitBytes,
  };
}

/** The options of a log call, or the refusal with which the real server answers what it cannot read. */
export function parseLogOptions(pod: string, query: URLSearchParams, nowMs: number): LogOptions | { refusal: Failure } {
  try {
    return read(pod, query, nowMs);
  } catch (error) {
    if (error instanceof Refusal) return { refusal: error.failure };
    throw error;
  }
}
