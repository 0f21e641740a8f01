import type { PlannedArtifact } from '../../model/artifact.js';
import type { CollectContext, CollectResult } from '../../ports/collector.js';
import { captureBody, type CapturedBody } from '../capture-body.js';
import { nodeSubject } from '../node-subject.js';
import { base64Of, displayOf, logPath, urlOf } from './log-names.js';
import { logsUrl, plannedTree, type PlannedNode } from './planned-log.js';

/** The length was announced before the bytes, and so many came: a growing file is read as long as it was when it was opened. */
function judgeFile({ answer }: CapturedBody): CollectResult {
  const { status, sizeBytes: bytes, attempts } = answer;
  const announced = answer.headers['content-length'];
  const modified = answer.headers['last-modified'];
  const dated = modified !== undefined && /^[A-Za-z0-9, :]{1,40}$/.test(modified) ? { lastModified: modified } : {};
  const proof = { status, bytes, ...dated };
  if (announced !== String(bytes)) {
    const detail = 'The length was not announced, so that an early end would not show.';
    return { outcome: 'partial', reason: 'unproven-end', detail, proof, attempts };
  }
  const whole = { reason: 'complete', detail: '', proof: { ...proof, contentLength: bytes }, attempts };
  return { outcome: bytes === 0 ? 'empty' : 'collected', ...whole };
}

/** Reads one file of a node's log folder, whatever it holds. Throws as reader and sink do. */
export async function readFile(
  planned: PlannedArtifact,
  log: PlannedNode & { readonly names: readonly string[] },
  context: CollectContext,
): Promise<CollectResult> {
  const names = log.names.map((name) => Buffer.from(name, 'base64'));
  const { maxLogBytes, idleTimeoutMs } = context.limits;
  const path = logPath(log.segment, names);
  const saysItsName =
    path === `data/nodes/${log.segment}/logs/${names.map((name) => name.toString('latin1')).join('/')}`;
  const result = await captureBody(
    {
      request: {
        path: `${logsUrl(log.node)}${urlOf(names)}`,
        accept: '*/*',
        kind: 'stream',
        node: log.node,
        idleTimeoutMs,
        ...(maxLogBytes === null ? {} : { maxBytes: maxLogBytes }),
      },
      draft: {
        path,
        artifact: planned.artifact,
        collector: 'kubelet-logs',
        vantage: 'kubelet',
        sensitivity: 'personal',
      },
      keepBytes: 0,
      subject: nodeSubject(log),
      ...(saysItsName ? {} : { name: { nameB64: base64Of(names), nameDisplay: displayOf(names) } }),
      judge: judgeFile,
    },
    context,
  );
  if (result.reason !== 'not-served') return result;
  // The kubelet rotated or compressed it since the folder was listed: what it became has another name.
  await context.discover(plannedTree(log, 'tree-again'));
  return { ...result, reason: 'gone' };
}
