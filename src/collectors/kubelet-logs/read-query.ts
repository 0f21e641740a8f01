import { escapeForTerminal } from '../../lib/terminal-escape.js';
import type { PlannedArtifact } from '../../model/artifact.js';
import type { CollectContext, CollectResult } from '../../ports/collector.js';
import { captureBody, type CapturedBody } from '../capture-body.js';
import { nodeSubject } from '../node-subject.js';
import { parseListing } from './parse-listing.js';
import { logsUrl, type PlannedNode } from './planned-log.js';

/** A listing longer than this is kept as if it were a log: the names in a node's log folder are a few hundred. Bytes. */
const MAX_LISTING_BYTES = 1024 * 1024;
const NOT_FOUND = /^\s*log not found for [^\n]{1,300}\s*$/;

/**
 * A kubelet without the feature ignores the question and sends the listing of the folder, which the tree has already. Only an answer
 * that is such a listing to its last byte is dropped: a log may begin like one.
 */
function judgeQuery({ answer, head, headIsAll }: CapturedBody, sinceTime: string | null): CollectResult {
  const { status, sizeBytes: bytes, attempts } = answer;
  const proof = { status, bytes, ...(sinceTime === null ? {} : { sinceTime }) };
  const text = head.toString('latin1');
  if (headIsAll && parseListing(head) !== null) {
    return {
      outcome: 'absent',
      reason: 'log-query-disabled',
      detail: 'The kubelet answered with the listing of its log folder: the feature NodeLogQuery is off.',
      proof: { ...proof, answeredWith: 'listing' },
      attempts,
    };
  }
  if (headIsAll && NOT_FOUND.test(text)) {
    const detail = escapeForTerminal(text.trim(), 300);
    return { outcome: 'absent', reason: 'no-such-log', detail, proof, attempts };
  }
  if (bytes === 0) return { outcome: 'empty', reason: 'complete', detail: '', proof, attempts };
  const detail = 'A log query has neither a length nor an end mark, so that an early end would not show.';
  return { outcome: 'partial', reason: 'unproven-end', detail, proof, attempts };
}

/** Asks the kubelet for the log of one service of the node. Throws as reader and sink do. */
export async function readQuery(
  planned: PlannedArtifact,
  log: PlannedNode & { readonly service: string },
  context: CollectContext,
): Promise<CollectResult> {
  const { maxLogBytes, idleTimeoutMs, sinceTime } = context.limits;
  const since: [string, string][] = sinceTime === null ? [] : [['sinceTime', sinceTime]];
  return await captureBody(
    {
      request: {
        path: logsUrl(log.node),
        query: [['query', log.service], ...since],
        accept: '*/*',
        kind: 'stream',
        node: log.node,
        idleTimeoutMs,
        ...(maxLogBytes === null ? {} : { maxBytes: maxLogBytes }),
      },
      draft: {
        path: `data/nodes/${log.segment}/log-query/${log.service}.log`,
        artifact: planned.artifact,
        collector: 'kubelet-logs',
        vantage: 'kubelet',
        sensitivity: 'personal',
      },
      keepBytes: MAX_LISTING_BYTES,
      subject: nodeSubject(log),
      judge: (body) => judgeQuery(body, sinceTime),
    },
    context,
  );
}
