import { escapeForTerminal } from '../lib/terminal-escape.js';
import { ExhibitError } from '../model/errors.js';
import type { BufferedAnswer, ReadAnswer } from '../ports/cluster-reader.js';
import { instant } from './attempt.js';
import type { CallResult } from './read-call.js';

/** What became of a call, in the words of the port. */
export function answerOf(done: CallResult, method: string): ReadAnswer {
  const { attempt, attempts } = done;
  const { result } = attempt;
  const headers = result.head?.headers ?? {};
  // A receiver that hashed less than it was given has failed, and its failure was thrown.
  if (result.sha256 === null) throw new ExhibitError('INTERNAL', 'an answer has no digest', { subject: attempt.url });
  return {
    status: result.head?.status ?? 0,
    headers,
    url: attempt.url,
    method,
    auditIdSent: attempt.auditIdSent,
    auditIdAnswered: headers['audit-id'] ?? null,
    serverDate: headers['date'] ?? null,
    sentAtMs: attempt.sentAtMs,
    headAtMs: result.headAtMs ?? attempt.sentAtMs,
    firstByteAt: instant(result.firstByteAtMs),
    lastByteAt: instant(result.lastByteAtMs),
    sizeBytes: result.sizeBytes,
    sha256: result.sha256,
    attempts,
    end: result.end,
    endDetail: result.endDetail,
  };
}

/** Throws what `get` promises for a body that is not whole. */
export function assertWhole(answer: ReadAnswer): void {
  const subject = answer.url;
  switch (answer.end) {
    case 'complete':
      return;
    case 'cut':
      throw new ExhibitError('CUT', `The answer was cut off: ${escapeForTerminal(answer.endDetail ?? '', 300)}.`, {
        subject,
        retryable: true,
      });
    case 'timeout':
      throw new ExhibitError('TIMEOUT', `The answer stopped: ${escapeForTerminal(answer.endDetail ?? '', 300)}.`, {
        subject,
        retryable: true,
      });
    case 'limit':
      throw new ExhibitError(
        'LIMIT_REACHED',
        `The answer is ${escapeForTerminal(answer.endDetail ?? 'too long', 300)}.`,
        { subject },
      );
    case 'aborted':
      throw new ExhibitError('INTERRUPTED', 'Interrupted while an answer was read.', { subject });
  }
}

const LOGIN_HINTS = [
  'Check that the server of the kubeconfig is the API server and not a portal or proxy that wants a login in a browser.',
  'Log in to it first, or set NO_PROXY for the server.',
];

/** A redirect or a web page where JSON was asked for comes from something in front of the API. Throws `CLUSTER_PROTOCOL`. */
export function assertApi(answer: BufferedAnswer, accept: string): void {
  if (!accept.includes('json') || answer.url.includes('/proxy/')) return;
  if (answer.status >= 300 && answer.status < 400 && answer.status !== 304) {
    const where = escapeForTerminal(answer.headers['location'] ?? 'nowhere', 200);
    throw new ExhibitError(
      'CLUSTER_PROTOCOL',
      `The server wants to send us elsewhere (${String(answer.status)}, to ${where}); redirects are not followed.`,
      {
        subject: answer.url,
        hints: LOGIN_HINTS,
      },
    );
  }
  if (answer.status === 200 && /^text\/html\b/i.test(answer.headers['content-type'] ?? '')) {
    throw new ExhibitError(
      'CLUSTER_PROTOCOL',
      'The server answered with a web page, as a login page does, instead of the Kubernetes API.',
      {
        subject: answer.url,
        hints: LOGIN_HINTS,
      },
    );
  }
}
