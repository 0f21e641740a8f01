import type { Operator } from '../model/exhibit.js';
import { ExhibitError } from '../model/errors.js';
import type { ClockRecord } from '../model/request.js';
import { parseInstant, toRfc3339 } from '../lib/clock.js';
import { parseJson, valueAt } from '../lib/untyped.js';
import type { ClusterReader, ReadAnswer } from '../ports/cluster-reader.js';
import { boundedIdentity } from './bounded-identity.js';

const REVIEW_PATH = '/apis/authentication.k8s.io/v1/selfsubjectreviews';

export interface ObservedIdentity {
  readonly apiIdentity: Operator['apiIdentity'];
  /** Why the API server did not say who we are; `null` when it did. */
  readonly unknownBecause: string | null;
  readonly clock: ClockRecord | null;
}

/** Who the API server says we are (SelfSubjectReview), and how far its clock is from ours. Throws only what ends a run. */
export async function observeIdentity(cluster: ClusterReader, phase: ClockRecord['phase']): Promise<ObservedIdentity> {
  const answer = await cluster.review(REVIEW_PATH, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'SelfSubjectReview',
  });
  const clock = clockRecordOf(answer, phase);
  if (answer.status === 401) {
    throw new ExhibitError('CLUSTER_UNAUTHENTICATED', 'the API server does not accept the credential', {
      hints: ['kubectl auth whoami'],
      subject: cluster.facts.server,
    });
  }
  const user = valueAt(parseJson(answer.body), 'status', 'userInfo');
  const apiIdentity = answer.status === 201 ? boundedIdentity(user) : null;
  const unknownBecause = apiIdentity === null ? `SelfSubjectReview answered ${String(answer.status)}` : null;
  return { apiIdentity, unknownBecause, clock };
}

/** The interval that the offset of the answering clock lies in: `Date` has whole seconds and was written between our sending and the head's arrival. */
export function clockRecordOf(answer: ReadAnswer, phase: ClockRecord['phase']): ClockRecord | null {
  const date = answer.serverDate === null ? null : parseInstant(answer.serverDate);
  if (date === null) return null;
  return {
    source: 'api-server',
    at: toRfc3339(answer.headAtMs),
    phase,
    offsetMinMs: Math.floor(date - answer.headAtMs),
    offsetMaxMs: Math.ceil(date + 1000 - answer.sentAtMs),
    roundTripMs: Math.max(0, Math.round(answer.headAtMs - answer.sentAtMs)),
  };
}
