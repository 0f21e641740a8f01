import type { PlannedArtifact } from '../../model/artifact.js';
import type { CollectContext, CollectResult } from '../../ports/collector.js';
import type { BufferedAnswer } from '../../ports/cluster-reader.js';
import { judgeJson } from '../json-body.js';
import { openItem } from '../open-item.js';
import { refusalResult } from '../refusal.js';
import { observeClock } from './observe-clock.js';

export const REVIEW_PATH = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
const REVIEW = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };

function resultOf(answer: BufferedAnswer): CollectResult {
  const { status, attempts, body } = answer;
  if (status !== 200 && status !== 201) return refusalResult({ status, attempts, body });
  return judgeJson({ answer, head: body, headIsAll: true, tail: Buffer.alloc(0), path: null });
}

/** Asks the server who it takes us for, and keeps its answer. Throws as reader and sink do. */
export async function readSelfReview(planned: PlannedArtifact, context: CollectContext): Promise<CollectResult> {
  const answer = await context.cluster.review(REVIEW_PATH, REVIEW);
  await observeClock(answer, context);
  const result = resultOf(answer);
  if (result.outcome !== 'collected' && result.outcome !== 'partial') return result;
  const { writer } = await openItem(context.sink, {
    path: 'data/cluster/identity/self-subject-review.json',
    artifact: planned.artifact,
    collector: 'cluster-identity',
    vantage: 'api',
    sensitivity: 'personal',
  });
  try {
    await writer.write(answer.body);
  } catch (error) {
    await writer.abort();
    throw error;
  }
  await writer.commit({
    subject: {},
    source: { uri: answer.url, method: answer.method, auditId: answer.auditIdSent, status: answer.status },
    outcome: result.outcome,
    sourceChanged: null,
    firstByteAt: answer.firstByteAt,
    lastByteAt: answer.lastByteAt,
  });
  return result;
}
