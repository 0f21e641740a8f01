import type { Answer, HeaderPairs } from './answer.js';
import { acceptsAnything, acceptsJson, kubeletNotAcceptable } from './accept.js';
import { pageNotFound } from './answer.js';
import type { ApiRequest } from './api-request.js';
import type { Catalogue } from './catalogue.js';
import type { Scenario } from './scenario.js';
import { objectNotFound, statusAnswer } from './status-body.js';

type RecordedAnswer = Scenario['answers'][number];

const KUBELET_HEADERS: HeaderPairs = [
  ['Content-Type', 'text/plain; charset=utf-8'],
  ['X-Content-Type-Options', 'nosniff'],
];

function wants(accept: string, recorded: string): boolean {
  return accept.split(',').some((part) => part.replaceAll(' ', '') === recorded);
}

const CHECKPOINT_IS_POST: Answer = {
  status: 405,
  headers: [
    ['Allow', 'POST'],
    ['Cache-Control', 'no-cache, private'],
    ['Content-Type', 'text/plain; charset=utf-8'],
  ],
  body: Buffer.from('405: Method Not Allowed'),
  chunked: false,
};

/** Answers that were recorded under the very path and query: discovery, version, kubelets. */
export class RecordedAnswers {
  readonly #scenario: Scenario;
  readonly #byTarget = new Map<string, RecordedAnswer[]>();

  constructor(scenario: Scenario) {
    this.#scenario = scenario;
    for (const answer of scenario.answers) {
      this.#byTarget.set(answer.path, [...(this.#byTarget.get(answer.path) ?? []), answer]);
    }
  }

  find(target: string, accept: string): Answer | null {
    const candidates = this.#byTarget.get(target) ?? [];
    const special = candidates.find((answer) => answer.accept !== undefined && wants(accept, answer.accept));
    const chosen = special ?? candidates.find((answer) => answer.accept === undefined);
    if (chosen === undefined) return null;
    const { status, headers, chunked } = chosen;
    return { status, headers, chunked, body: this.#scenario.bytesOf(chosen.body) };
  }
}

/** Kubelet endpoints that give JSON to those alone who take it; everything under /logs is for those who take anything. */
const JSON_ENDPOINTS = ['pods', 'runningpods/', 'stats/summary'];

/** `nodes/proxy`: what the kubelet was recorded to say, else its own 404. */
export function serveKubelet(
  request: ApiRequest,
  parts: { recorded: RecordedAnswers; catalogue: Catalogue; flow: HeaderPairs },
): Answer {
  const name = request.resource?.name ?? '';
  const nodes = parts.catalogue.find('', 'v1', 'nodes');
  if (nodes === undefined || parts.catalogue.object(nodes, '', name) === undefined) {
    return statusAnswer(objectNotFound('nodes', '', name), []);
  }
  const endpoint = request.path.split('/').slice(6).join('/');
  if (endpoint.startsWith('logs/') && !acceptsAnything(request.accept)) return kubeletNotAcceptable('');
  if (JSON_ENDPOINTS.includes(endpoint) && !acceptsJson(request.accept))
    return kubeletNotAcceptable('application/json');
  const known = parts.recorded.find(request.target, '');
  if (known !== null) return known;
  if (endpoint.startsWith('checkpoint/')) return CHECKPOINT_IS_POST;
  return { ...pageNotFound([]), headers: [['Cache-Control', 'no-cache, private'], ...KUBELET_HEADERS] };
}
