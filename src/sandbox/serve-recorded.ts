import type { Answer, HeaderPairs } from './answer.js';
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

/** `nodes/proxy`: what the kubelet was recorded to say, else its own 404. */
export function serveKubelet(request: ApiRequest, parts: { recorded: RecordedAnswers; catalogue: Catalogue; flow: HeaderPairs }): Answer {
  const name = request.resource?.name ?? '';
  const nodes = parts.catalogue.find('', 'v1', 'nodes');
  if (nodes === undefined || parts.catalogue.object(nodes, '', name) === undefined) {
    return statusAnswer(objectNotFound('nodes', '', name), parts.flow);
  }
  const known = parts.recorded.find(request.target, '') ?? parts.recorded.find(decodeURI(request.target), '');
  return known ?? { ...pageNotFound([]), headers: [['Cache-Control', 'no-cache, private'], ...KUBELET_HEADERS] };
}
