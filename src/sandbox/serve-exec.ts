import type { Answer, HeaderPairs } from './answer.js';
import type { ApiRequest, ResourceRequest } from './api-request.js';
import type { Catalogue } from './catalogue.js';
import { chooseContainer } from './choose-container.js';
import type { ExecCall } from './exec-recording.js';
import { badRequest, objectNotFound, statusAnswer } from './status-body.js';

export interface AcceptedExec {
  readonly call: ExecCall;
  readonly stdin: boolean;
}

function flag(request: ApiRequest, name: string): boolean {
  return ['true', '1'].includes(request.query.get(name) ?? '');
}

/** `pods/exec` until the upgrade: the refusal in the real server's words, or what is to be run. */
export function serveExec(
  request: ApiRequest & { readonly resource: ResourceRequest },
  parts: { readonly catalogue: Catalogue; readonly flow: HeaderPairs; readonly upgrade: boolean },
): Answer | AcceptedExec {
  const { namespace, name } = request.resource;
  const pods = parts.catalogue.find('', 'v1', 'pods');
  const pod = pods && parts.catalogue.object(pods, namespace, name);
  if (pod === undefined) return statusAnswer(objectNotFound('pods', '', name), parts.flow);
  const chosen = chooseContainer(pod.parsed, name, request.query.get('container') ?? '');
  if ('error' in chosen) return statusAnswer(badRequest(chosen.error), parts.flow);
  if (!parts.upgrade) return statusAnswer(badRequest('Upgrade request required'), parts.flow);
  const { container } = chosen;
  return {
    call: { namespace, pod: name, container, argv: request.query.getAll('command') },
    stdin: flag(request, 'stdin'),
  };
}
