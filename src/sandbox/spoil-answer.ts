import { arrayAt, parseJson, stringAt, valueAt } from '../lib/untyped.js';
import type { Answer, HeaderPairs } from './answer.js';
import { decodeContinue, encodeContinue } from './continue-token.js';
import { type AnswerFault, HOSTILE_NAMES } from './fault.js';
import { expired } from './page-list.js';
import { type Failure, statusAnswer } from './status-body.js';

const FAILURES: Readonly<Record<number, Omit<Failure, 'code'>>> = {
  401: { reason: 'Unauthorized', message: 'Unauthorized' },
  403: { reason: 'Forbidden', message: 'forbidden: not with this identity', details: {} },
  404: { reason: 'NotFound', message: 'the server could not find the requested resource', details: {} },
  429: { reason: 'TooManyRequests', message: 'Too many requests, please try again later.', details: {} },
  500: { reason: 'InternalError', message: 'Internal error occurred: etcdserver: request timed out', details: {} },
  502: { reason: 'InternalError', message: 'bad gateway', details: {} },
  503: { reason: 'ServiceUnavailable', message: 'the server is currently unable to handle the request', details: {} },
  504: { reason: 'Timeout', message: 'Timeout: request did not complete within the allotted duration', details: {} },
};

type StatusFault = Extract<AnswerFault, { kind: 'status' }>;

/** How an expired token is answered; without a token there is nothing to go on with. */
function gone(target: string): Failure {
  const given = new URLSearchParams(target.split('?')[1] ?? '').get('continue') ?? '';
  const token = decodeContinue(given);
  if (typeof token !== 'string') return expired(token);
  return { code: 410, reason: 'Expired', message: 'The resourceVersion for the provided list is too old.' };
}

function failing(fault: StatusFault, target: string, flow: HeaderPairs): Answer {
  const { status, retryAfterSeconds } = fault;
  const failure =
    status === 410
      ? gone(target)
      : {
          ...FAILURES[status],
          code: status,
          reason: FAILURES[status]?.reason ?? '',
          message: FAILURES[status]?.message ?? '',
        };
  const answer = statusAnswer(failure, flow);
  if (retryAfterSeconds === undefined) return answer;
  return { ...answer, headers: [...answer.headers, ['Retry-After', String(retryAfterSeconds)]] };
}

function withBody(answer: Answer, value: unknown): Answer {
  const body = Buffer.from(`${JSON.stringify(value)}\n`);
  return { ...answer, body, chunked: body.length > 2048 };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

function sameToken(answer: Answer): Answer {
  const list = parseJson(answer.body);
  if (!isObject(list) || !isObject(list['metadata'])) return answer;
  // An honest-looking token that never moves: the list begins anew each time.
  const resourceVersion = Number(stringAt(list, 'metadata', 'resourceVersion'));
  const metadata = { ...list['metadata'], continue: encodeContinue({ resourceVersion, startKey: 'a\0' }) };
  return withBody(answer, { ...list, metadata });
}

function renamed(entry: unknown, name: string): unknown {
  if (!isObject(entry)) return entry;
  if (Array.isArray(entry['cells'])) return { ...entry, cells: [name, ...(entry['cells'] as unknown[]).slice(1)] };
  const metadata = valueAt(entry, 'metadata');
  return isObject(metadata)
    ? { ...entry, metadata: { ...metadata, name, uid: `hostile-${Buffer.from(name).toString('hex').slice(0, 20)}` } }
    : entry;
}

function hostileNames(answer: Answer, names: readonly string[]): Answer {
  const list = parseJson(answer.body);
  if (!isObject(list)) return answer;
  const key = Array.isArray(list['rows']) ? 'rows' : 'items';
  const entries = arrayAt(list, key);
  const model = entries[0];
  if (model === undefined) return answer;
  return withBody(answer, { ...list, [key]: [...entries, ...names.map((name) => renamed(model, name))] });
}

const STATUSES = ['containerStatuses', 'initContainerStatuses', 'ephemeralContainerStatuses'];

function restarted(pod: unknown): unknown {
  const status = valueAt(pod, 'status');
  if (!isObject(pod) || !isObject(status)) return pod;
  const next = { ...status };
  for (const key of STATUSES) {
    if (!Array.isArray(status[key])) continue;
    next[key] = (status[key] as unknown[]).map((container) => {
      if (!isObject(container) || stringAt(container, 'containerID') === undefined) return container;
      return {
        ...container,
        containerID: `containerd://${'5a'.repeat(32)}`,
        restartCount: Number(container['restartCount']) + 1,
      };
    });
  }
  return { ...pod, status: next };
}

function restartedContainers(answer: Answer): Answer {
  const body = parseJson(answer.body);
  if (!isObject(body)) return answer;
  if (Array.isArray(body['items'])) return withBody(answer, { ...body, items: body['items'].map(restarted) });
  return withBody(answer, restarted(body));
}

function other(type: string, text: string): Answer {
  return { status: 200, headers: [['Content-Type', type]], body: Buffer.from(text), chunked: false };
}

/** The answer as the fault makes it. */
export function spoilAnswer(
  answer: Answer,
  fault: AnswerFault,
  call: { readonly target: string; readonly flow: HeaderPairs },
): Answer {
  switch (fault.kind) {
    case 'status':
      return failing(fault, call.target, call.flow);
    case 'kubelet-sentence':
      return {
        ...other('text/plain', fault.sentence ?? 'unable to retrieve container logs for containerd://0a1b2c3d4e5f'),
        chunked: true,
      };
    case 'not-json':
      return other('application/json', '{"kind":"PodList","apiVersion":"v1","items":[{"metadata"');
    case 'html':
      return other('text/html; charset=utf-8', '<!doctype html><title>Sign in</title><form method="post"></form>\n');
    case 'redirect':
      return { status: 302, headers: [['Location', fault.location]], body: Buffer.alloc(0), chunked: false };
    case 'same-token':
      return sameToken(answer);
    case 'hostile-names':
      return hostileNames(answer, fault.names ?? HOSTILE_NAMES);
    case 'restarted-containers':
      return restartedContainers(answer);
  }
}
