import { parseRetryAfter } from '../http/retry-after.js';
import type { HttpHead } from '../http/http-exchange-types.js';
import { arrayAt, parseJson, stringAt } from '../lib/untyped.js';
import type { ApiRefusal, ApiRefusalKind, ApiRight } from '../model/api-refusal.js';

const MAX_CAUSES = 32;
const MAX_MESSAGE = 8192;
/** What the authorizer says; an admission's refusal has the same status and reason and another sentence. */
const NO_RIGHT = /(?:^|: )(?:[^"]*(?:"[^"]*")? )?is forbidden: User "[^"]*" cannot ([a-z]+) resource "/;

const BY_ADMISSION = /admission webhook "|failed calling webhook "|ValidatingAdmissionPolicy '/;

const KIND_BY_REASON: Readonly<Record<string, ApiRefusalKind>> = {
  AlreadyExists: 'already-exists',
  Conflict: 'conflict',
  NotFound: 'not-found',
  Gone: 'not-found',
  Invalid: 'invalid',
  BadRequest: 'invalid',
  RequestEntityTooLarge: 'invalid',
  MethodNotAllowed: 'not-supported',
  UnsupportedMediaType: 'not-supported',
  NotAcceptable: 'not-supported',
};
const KIND_BY_STATUS: Readonly<Record<number, ApiRefusalKind>> = {
  400: 'invalid',
  404: 'not-found',
  405: 'not-supported',
  409: 'conflict',
  413: 'invalid',
  415: 'not-supported',
  422: 'invalid',
};

interface StatusWords {
  readonly reason: string;
  readonly message: string;
  readonly causes: ApiRefusal['causes'];
}

function kindOf(status: number, words: StatusWords): ApiRefusalKind {
  if (words.causes.some(({ reason }) => reason === 'DisruptionBudget')) return 'disruption-budget';
  if (status === 429) return 'throttled';
  if (status === 403) return NO_RIGHT.test(words.message) ? 'forbidden' : 'admission';
  // Webhooks and policies choose the status and the reason of their refusal; only the sentence is the server's own.
  if (BY_ADMISSION.test(words.message)) return 'admission';
  return KIND_BY_REASON[words.reason] ?? KIND_BY_STATUS[status] ?? 'server';
}

function wordsOf(body: Buffer): StatusWords {
  const parsed = parseJson(body);
  if (stringAt(parsed, 'kind') !== 'Status') {
    return { reason: '', message: body.toString('utf8').slice(0, MAX_MESSAGE).trim(), causes: [] };
  }
  return {
    reason: stringAt(parsed, 'reason') ?? '',
    message: (stringAt(parsed, 'message') ?? '').slice(0, MAX_MESSAGE),
    causes: arrayAt(parsed, 'details', 'causes')
      .slice(0, MAX_CAUSES)
      .map((cause) => ({
        reason: stringAt(cause, 'reason') ?? '',
        message: (stringAt(cause, 'message') ?? '').slice(0, MAX_MESSAGE),
        field: stringAt(cause, 'field') ?? '',
      })),
  };
}

/** Whether an answer is a `Status` of the API, and not the page or the blank line of something in between. */
export function isApiStatus(body: Buffer): boolean {
  return stringAt(parseJson(body), 'kind') === 'Status';
}

/** What a refusing answer says. `right` is what we asked for; the verb is the server's where it names one. */
export function refusalOf(
  head: HttpHead,
  body: Buffer,
  asked: { readonly right: ApiRight; readonly nowMs: number },
): ApiRefusal {
  const words = wordsOf(body);
  const verb = NO_RIGHT.exec(words.message)?.[1] ?? asked.right.verb;
  return {
    ...words,
    kind: kindOf(head.status, words),
    status: head.status,
    retryAfterMs: parseRetryAfter(head.headers['retry-after'], asked.nowMs),
    right: { ...asked.right, verb },
  };
}
