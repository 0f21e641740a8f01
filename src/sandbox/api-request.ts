/** What an HTTP request asks of the API, read from its method and path alone, as the API server does before anything else. */
export interface ApiRequest {
  readonly method: string;
  /** Path as sent, without the query. */
  readonly path: string;
  /** Path and query as sent. */
  readonly target: string;
  readonly query: URLSearchParams;
  readonly accept: string;
  /** `null` for a path that is not that of a resource. */
  readonly resource: ResourceRequest | null;
  readonly verb: string;
}

export interface ResourceRequest {
  readonly group: string;
  readonly version: string;
  readonly namespace: string;
  readonly resource: string;
  readonly name: string;
  readonly subresource: string;
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

function inNamespace(segments: readonly string[]): { namespace: string; rest: readonly string[] } {
  // /namespaces/NAME is the namespace itself, /namespaces/NAME/status too.
  if (segments[0] !== 'namespaces' || segments.length < 3 || ['status', 'finalize'].includes(segments[2] ?? '')) {
    return { namespace: segments[0] === 'namespaces' ? decode(segments[1] ?? '') : '', rest: segments };
  }
  return { namespace: decode(segments[1] ?? ''), rest: segments.slice(2) };
}

function parseResource(path: string): ResourceRequest | null {
  const [, root, ...parts] = path.split('/');
  if (root !== 'api' && root !== 'apis') return null;
  const [group = '', version = '', ...segments] = root === 'api' ? ['', ...parts] : parts;
  if (version === '' || (segments[0] ?? '') === '') return null;
  const { namespace, rest } = inNamespace(segments);
  const [resource = '', name = '', subresource = ''] = rest.map(decode);
  return { group: decode(group), version: decode(version), namespace, resource, name, subresource };
}

const VERBS: Readonly<Record<string, string>> = {
  GET: 'get',
  HEAD: 'get',
  POST: 'create',
  PUT: 'update',
  PATCH: 'patch',
};

function verbOf(method: string, resource: ResourceRequest | null, query: URLSearchParams): string {
  if (resource === null) return method.toLowerCase();
  if (method === 'DELETE') return resource.name === '' ? 'deletecollection' : 'delete';
  if (method !== 'GET' || resource.name !== '') return VERBS[method] ?? method.toLowerCase();
  return ['1', 'true'].includes(query.get('watch') ?? '') ? 'watch' : 'list';
}

export function parseApiRequest(method: string, target: string, accept: string): ApiRequest {
  const mark = target.indexOf('?');
  const path = mark === -1 ? target : target.slice(0, mark);
  const query = new URLSearchParams(mark === -1 ? '' : target.slice(mark + 1));
  const resource = parseResource(path);
  return { method, path, target, query, accept, resource, verb: verbOf(method, resource, query) };
}
