import { type Answer, type HeaderPairs, jsonAnswer } from './answer.js';

function media(accept: string): { type: string; parameters: string[] }[] {
  return accept.split(',').map((part) => {
    const [type = '', ...parameters] = part.split(';').map((piece) => piece.trim());
    return { type, parameters };
  });
}

export function acceptsAnything(accept: string): boolean {
  return accept === '' || media(accept).some(({ type }) => type === '*/*');
}

/** Whether the client takes plain JSON, as one of the kinds that it names. */
export function acceptsJson(accept: string): boolean {
  if (acceptsAnything(accept)) return true;
  return media(accept).some(
    ({ type, parameters }) =>
      ['application/*', 'application/json'].includes(type) && !parameters.some((piece) => piece.startsWith('as=')),
  );
}

/** The refusals that the API server indents for everybody. `others` follow `application/json`. */
export function notAcceptable(others: readonly string[], flow: HeaderPairs): Answer {
  const types = ['json', ...others].map((type) => `application/${type}`).join(', ');
  return refusal({ message: `406: Not Acceptable\n\nAvailable representations: ${types}`, details: {} }, flow);
}

/** The same refusal as discovery and logs word it. */
export function onlyAccepted(flow: HeaderPairs): Answer {
  const types = 'application/json, application/yaml, application/vnd.kubernetes.protobuf';
  return refusal({ message: `only the following media types are accepted: ${types}` }, flow);
}

function refusal({ message, details }: { message: string; details?: object }, flow: HeaderPairs): Answer {
  const reason = { reason: 'NotAcceptable', ...(details === undefined ? {} : { details }) };
  const status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, ...reason, code: 406 };
  return jsonAnswer(406, Buffer.from(JSON.stringify(status, null, 2)), flow);
}

/** The kubelet's own refusal. */
export function kubeletNotAcceptable(types: string): Answer {
  return {
    status: 406,
    headers: [
      ['Cache-Control', 'no-cache, private'],
      ['Content-Type', 'text/plain; charset=utf-8'],
    ],
    body: Buffer.from(`406: Not Acceptable\n\nAvailable representations: ${types}`),
    chunked: false,
  };
}
