import { escapeForTerminal } from '../lib/terminal-escape.js';
import type { Proof } from '../model/outcome.js';
import type { CollectResult } from '../ports/collector.js';
import type { ListEnd } from '../ports/cluster-reader.js';

/** What is on the disk of a list, counted by us and not by the server. */
export interface KeptPages {
  readonly pages: number;
  readonly items: number;
  /** `continue` of the last page that was kept. */
  readonly lastToken: string;
  readonly extra: Proof;
}

function shortened(text: string): string {
  return escapeForTerminal(text, 100);
}

function proofOf(end: ListEnd, kept: KeptPages): Proof {
  return {
    pages: kept.pages,
    items: kept.items,
    resourceVersion: shortened(end.resourceVersion),
    ...(end.status === null ? {} : { status: end.status }),
    ...kept.extra,
  };
}

function incomplete(end: ListEnd, kept: KeptPages): Pick<CollectResult, 'outcome' | 'reason'> {
  const reason = end.reason ?? 'unproven-end';
  if (kept.pages > 0) return { outcome: 'partial', reason };
  if (end.status === 401 || end.status === 403) return { outcome: 'denied', reason };
  if (end.status === 404 || end.status === 405) return { outcome: 'absent', reason: 'not-served' };
  return { outcome: 'failed', reason };
}

/**
 * The outcome of a list. `collected` and `empty` need the reader's word that every page was well-formed and none followed, and
 * that our own count of pages agrees. A list that was continued at a later state of the cluster is `partial`: no single state of
 * the cluster ever looked like it.
 */
export function listResult(end: ListEnd, kept: KeptPages): CollectResult {
  const proof = proofOf(end, kept);
  const detail = escapeForTerminal(end.detail ?? '', 400);
  const attempts = end.attempts;
  const proven = end.complete && kept.pages > 0 && kept.lastToken === '';
  if (!proven) return { ...incomplete(end, kept), detail, proof, attempts };
  if (end.inconsistent) {
    const text = 'The list expired and was continued at a later state of the cluster.';
    return { outcome: 'partial', reason: 'inconsistent', detail: text, proof, attempts };
  }
  const whole = { reason: 'complete', detail: '', proof: { ...proof, lastPageWithoutContinue: true }, attempts };
  return { outcome: kept.items === 0 ? 'empty' : 'collected', ...whole };
}
