import type { Clock } from '../ports/clock.js';
import { acceptsJson, onlyAccepted } from './accept.js';
import type { Answer } from './answer.js';
import type { ApiRequest, ResourceRequest } from './api-request.js';
import type { Catalogue } from './catalogue.js';
import { chooseContainer } from './choose-container.js';
import { cutLog } from './cut-log.js';
import { type LogOptions, parseLogOptions } from './log-options.js';
import type { Scenario } from './scenario.js';
import { badRequest, notInSandbox, objectNotFound, statusAnswer } from './status-body.js';

interface Parts {
  readonly scenario: Scenario;
  readonly catalogue: Catalogue;
  readonly clock: Clock;
}

function recordedLog(parts: Parts, resource: ResourceRequest, options: LogOptions): Answer {
  const log = parts.scenario.logs.find(
    (entry) =>
      entry.namespace === resource.namespace &&
      entry.pod === resource.name &&
      entry.container === options.container &&
      entry.previous === options.previous,
  );
  if (log === undefined) return statusAnswer(notInSandbox(`log of ${options.container}`), []);
  const recorded = parts.scenario.bytesOf(log.body);
  const { status, headers, chunked } = log;
  return { status, headers, chunked, body: status === 200 ? cutLog(recorded, options) : recorded };
}

/** `pods/log`: recorded logs and refusals, cut as the kubelet cuts them. */
export function serveLogs(request: ApiRequest & { readonly resource: ResourceRequest }, parts: Parts): Answer {
  const { namespace, name } = request.resource;
  const options = parseLogOptions(name, request.query, parts.clock.nowMs());
  if ('refusal' in options) return statusAnswer(options.refusal, []);
  if (!acceptsJson(request.accept)) return onlyAccepted([]);
  const pods = parts.catalogue.find('', 'v1', 'pods');
  const pod = pods && parts.catalogue.object(pods, namespace, name);
  if (pod === undefined) return statusAnswer(objectNotFound('pods', '', name), []);
  if (['true', '1'].includes(request.query.get('follow') ?? '')) return statusAnswer(notInSandbox('follow'), []);
  const chosen = chooseContainer(pod.parsed, name, options.container);
  if ('error' in chosen) return statusAnswer(badRequest(chosen.error), []);
  return recordedLog(parts, request.resource, { ...options, container: chosen.container });
}
