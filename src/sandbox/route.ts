import type { Clock, Ids } from '../ports/clock.js';
import { acceptsJson, notAcceptable, onlyAccepted } from './accept.js';
import { type Answer, pageNotFound } from './answer.js';
import { type ApiRequest, type ResourceRequest, parseApiRequest } from './api-request.js';
import { authorize, authorizeImpersonation } from './authorize.js';
import { Catalogue } from './catalogue.js';
import type { Scenario } from './scenario.js';
import { type AcceptedExec, serveExec } from './serve-exec.js';
import { serveLogs } from './serve-logs.js';
import { serveObjects } from './serve-objects.js';
import { RecordedAnswers, serveKubelet } from './serve-recorded.js';
import { serveReviews } from './serve-reviews.js';
import { serveSecrets } from './serve-secrets.js';
import { serveWrites } from './serve-writes.js';
import { METHOD_NOT_ALLOWED, NO_SUCH_RESOURCE, notInSandbox, statusAnswer, UNAUTHORIZED } from './status-body.js';

/** One call as it arrived, after the transport. */
export interface Call {
  readonly method: string;
  readonly target: string;
  readonly accept: string;
  readonly userAgent: string;
  readonly impersonate: string | null;
  readonly body: Buffer;
  readonly contentType: string;
  /** `false` when the client gave neither our certificate nor our token. */
  readonly authenticated: boolean;
  /** SHA-256 of the client's certificate, hex. */
  readonly credential: string | null;
}

type OnResource = ApiRequest & { readonly resource: ResourceRequest };

function isJson(answer: Answer): boolean {
  return answer.headers.some(([name, value]) => name === 'Content-Type' && value === 'application/json');
}

function isOnResource(request: ApiRequest): request is OnResource {
  return request.resource !== null;
}

function isExec({ method, resource }: OnResource): boolean {
  const { group, version, resource: kind, name, subresource } = resource;
  return (
    method === 'GET' && group === '' && version === 'v1' && kind === 'pods' && subresource === 'exec' && name !== ''
  );
}

/** Answers as the recorded cluster would have; what is written stays in memory. */
export class Router {
  readonly #scenario: Scenario;
  readonly #catalogue: Catalogue;
  readonly #recorded: RecordedAnswers;
  readonly #clock: Clock;
  readonly #ids: Ids;

  constructor(scenario: Scenario, { clock, ids }: { readonly clock: Clock; readonly ids: Ids }) {
    this.#scenario = scenario;
    this.#clock = clock;
    this.#ids = ids;
    this.#catalogue = new Catalogue(scenario);
    this.#recorded = new RecordedAnswers(scenario);
  }

  answer(call: Call): Answer {
    const request = parseApiRequest(call.method, call.target, call.accept);
    const refusal = this.#refusal(call, request);
    if (refusal !== null) return refusal;
    return isOnResource(request) ? this.#onResource(request, call) : this.#onPath(request);
  }

  /** A request to be upgraded: what is to be run, or the answer that refuses it. */
  upgrade(call: Call): Answer | AcceptedExec {
    const request = parseApiRequest(call.method, call.target, call.accept);
    const refusal = this.#refusal(call, request);
    if (refusal !== null) return refusal;
    if (!isOnResource(request) || !isExec(request)) return pageNotFound(this.#scenario.flow);
    return serveExec(request, { catalogue: this.#catalogue, flow: [], upgrade: true });
  }

  /** By who asks: unknown, not allowed to speak for another, not allowed to do this. */
  #refusal(call: Call, request: ApiRequest): Answer | null {
    const { flow } = this.#scenario;
    if (!call.authenticated) return statusAnswer(UNAUTHORIZED, flow);
    const refused = call.impersonate === null ? null : authorizeImpersonation(this.#scenario, call.impersonate);
    if (refused !== null) return this.#denied(statusAnswer(refused, []));
    const failure = authorize(this.#scenario, request);
    if (failure === null) return null;
    return this.#denied(statusAnswer(failure, request.resource?.subresource === 'proxy' ? [] : flow));
  }

  #denied(answer: Answer): Answer {
    return { ...answer, headers: [...answer.headers, ['X-Content-Type-Options', 'nosniff']] };
  }

  #onPath(request: ApiRequest): Answer {
    const { flow } = this.#scenario;
    if (request.method !== 'GET') return statusAnswer(METHOD_NOT_ALLOWED, flow);
    const known =
      this.#recorded.find(request.target, request.accept) ?? this.#recorded.find(request.path, request.accept);
    if (known !== null) {
      if (!isJson(known) || acceptsJson(request.accept)) return known;
      return request.path === '/version' ? notAcceptable([], flow) : onlyAccepted(flow);
    }
    const announced = request.path.split('/').slice(0, 3).join('/');
    const underKnown = ['/version', '/api'].some((root) => request.path.startsWith(`${root}/`));
    if (underKnown || (request.path !== announced && this.#recorded.find(announced, '') !== null)) {
      return statusAnswer(NO_SUCH_RESOURCE, flow);
    }
    return pageNotFound(flow);
  }

  #onResource(request: OnResource, call: Call): Answer {
    const { flow } = this.#scenario;
    const { group, version, resource } = request.resource;
    const review = serveReviews(
      {
        ...request.resource,
        method: call.method,
        body: call.body,
        contentType: call.contentType,
        credential: call.credential,
        userAgent: call.userAgent,
        nowMs: this.#clock.nowMs(),
      },
      this.#scenario,
      flow,
    );
    if (review !== null) return review;
    if (call.method !== 'GET')
      return this.#onWrite(request, call) ?? statusAnswer(notInSandbox(`${request.verb} of ${resource}`), flow);
    const special = group === '' && version === 'v1' ? this.#onCore(request) : null;
    return special ?? serveObjects(request, this.#catalogue, flow) ?? this.#unknown(request);
  }

  #onWrite(request: OnResource, { body, contentType, userAgent }: Call): Answer | null {
    // Of Secrets nothing was recorded that could be changed.
    if (request.resource.resource === 'secrets') return null;
    const { flow } = this.#scenario;
    const [catalogue, clock, ids] = [this.#catalogue, this.#clock, this.#ids];
    return serveWrites(request, { catalogue, flow, clock, ids, body, contentType, userAgent });
  }

  /** What is no plain object of the core group. */
  #onCore(request: OnResource): Answer | null {
    const { flow } = this.#scenario;
    const { resource, name, subresource } = request.resource;
    if (resource === 'secrets') return serveSecrets(request, this.#scenario, flow);
    if (resource === 'nodes' && subresource === 'proxy') {
      return serveKubelet(request, { recorded: this.#recorded, catalogue: this.#catalogue, flow });
    }
    if (resource === 'pods' && subresource === 'log' && name !== '') {
      return serveLogs(request, { scenario: this.#scenario, catalogue: this.#catalogue, clock: this.#clock });
    }
    if (!isExec(request)) return null;
    const refusal = serveExec(request, { catalogue: this.#catalogue, flow, upgrade: false });
    return 'call' in refusal ? null : refusal;
  }

  /** Groups of custom resources are served by a multiplexer that does not speak Status. */
  #unknown(request: OnResource): Answer {
    const { flow } = this.#scenario;
    const { group } = request.resource;
    if (group === '') return statusAnswer(NO_SUCH_RESOURCE, flow);
    const builtIn = group !== '' && (!group.includes('.') || group.endsWith('.k8s.io'));
    const announced = this.#recorded.find(`/apis/${group}`, '') !== null;
    return announced && builtIn ? statusAnswer(NO_SUCH_RESOURCE, flow) : pageNotFound(flow);
  }
}
