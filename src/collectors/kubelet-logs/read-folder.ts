import type { CollectContext, CollectResult } from '../../ports/collector.js';
import { captureBody } from '../capture-body.js';
import { nodeSubject } from '../node-subject.js';
import { escapeForTerminal } from '../../lib/terminal-escape.js';
import { urlOf } from './log-names.js';
import { MAX_LISTING_BYTES, parseListing, type Listing } from './parse-listing.js';
import { logsUrl, type PlannedNode } from './planned-log.js';

export interface FolderRequest {
  readonly target: PlannedNode;
  readonly artifact: string;
  readonly names: readonly Buffer[];
  /** Number of the listing in its walk, from 1: its file name. */
  readonly number: number;
}

export interface FolderAnswer {
  readonly result: CollectResult;
  /** `null` where the answer was no listing. */
  readonly listing: Listing | null;
  /** Where the listing is kept; `null` when nothing was. */
  readonly path: string | null;
}

/** Reads the listing of one folder and keeps it as received, in `data/nodes/<node>/logs-index/<number>.html`. Throws as reader and sink do. */
export async function readFolder(request: FolderRequest, context: CollectContext): Promise<FolderAnswer> {
  const { target, names } = request;
  let listing: Listing | null = null;
  let kept: string | null = null;
  const path = logsUrl(target.node) + (names.length === 0 ? '' : `${urlOf(names)}/`);
  const result = await captureBody(
    {
      request: {
        path,
        accept: '*/*',
        kind: 'stream',
        node: target.node,
        idleTimeoutMs: context.limits.idleTimeoutMs,
        maxBytes: MAX_LISTING_BYTES,
      },
      draft: {
        path: `data/nodes/${target.segment}/logs-index/${String(request.number).padStart(5, '0')}.html`,
        artifact: request.artifact,
        collector: 'kubelet-logs',
        vantage: 'kubelet',
        sensitivity: 'personal',
      },
      keepBytes: MAX_LISTING_BYTES,
      subject: nodeSubject(target),
      judge: ({ answer, head, path: keptAt }) => {
        kept = keptAt;
        listing = parseListing(head);
        const proof = { status: answer.status, bytes: answer.sizeBytes };
        const { attempts } = answer;
        if (listing !== null) return { outcome: 'collected', reason: 'complete', detail: '', proof, attempts };
        const detail = escapeForTerminal(head.subarray(0, 200).toString('latin1'), 300);
        return { outcome: head.length === 0 ? 'failed' : 'partial', reason: 'not-a-listing', detail, proof, attempts };
      },
    },
    context,
  );
  return { result, listing, path: kept };
}
