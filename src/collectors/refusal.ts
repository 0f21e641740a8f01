import { escapeForTerminal } from '../lib/terminal-escape.js';
import { parseJson, stringAt } from '../lib/untyped.js';
import type { CollectResult } from '../ports/collector.js';

/** Bytes of an error's body that are looked at. */
export const MAX_REFUSAL_BYTES = 65_536;
const MAX_DETAIL = 400;

export interface Refusal {
  readonly status: number;
  readonly attempts: number;
  /** The beginning of the body; untrusted. */
  readonly body: Buffer;
}

/** The sentence of a Kubernetes Status, or the beginning of whatever else was answered; printable ASCII, at most 400 characters. */
export function refusalMessage(body: Buffer): string {
  const message = stringAt(parseJson(body), 'message');
  const text = message ?? body.subarray(0, 2 * MAX_DETAIL).toString('latin1');
  return escapeForTerminal(text.trim(), MAX_DETAIL);
}

/** Whether the body is a Kubernetes Status, hence spoken by the API server and not by what is behind it. */
export function isStatus(body: Buffer): boolean {
  const parsed = parseJson(body);
  return stringAt(parsed, 'kind') === 'Status' && stringAt(parsed, 'apiVersion') === 'v1';
}

function judge(status: number): Pick<CollectResult, 'outcome' | 'reason'> {
  if (status === 401) return { outcome: 'denied', reason: 'unauthenticated' };
  if (status === 403) return { outcome: 'denied', reason: 'forbidden' };
  if (status === 404 || status === 405) return { outcome: 'absent', reason: 'not-served' };
  if (status >= 300 && status < 400) return { outcome: 'failed', reason: 'redirected' };
  if (status === 410) return { outcome: 'failed', reason: 'expired' };
  if (status === 429) return { outcome: 'failed', reason: 'throttled' };
  if (status >= 500) return { outcome: 'failed', reason: 'server-error' };
  return { outcome: 'failed', reason: 'unexpected-status' };
}

/** What an answer without evidence says of its artifact. */
export function refusalResult(refusal: Refusal): CollectResult {
  const { status, attempts } = refusal;
  return { ...judge(status), detail: refusalMessage(refusal.body), proof: { status }, attempts };
}
