/** A right that a request uses, as the API server's authorizer sees it. */
export interface UsedPermission {
  readonly verb: string;
  readonly apiGroup: string;
  /** With its subresource: `pods/log`. Empty for a path that is no resource. */
  readonly resource: string;
  readonly nonResourceUrl: string;
}

/** Request attributes as k8s.io/apiserver computes them (endpoints/request/requestinfo.go), for single objects, lists and what is done to one object. */
export function usedPermission(method: string, path: string): UsedPermission {
  const parts = path
    .split('/')
    .filter((part) => part !== '')
    .map(decodeURIComponent);
  const isCore = parts[0] === 'api' && parts.length > 2;
  const isGroup = parts[0] === 'apis' && parts.length > 3;
  const nonResource = { verb: method.toLowerCase(), apiGroup: '', resource: '', nonResourceUrl: path };
  if (!isCore && !isGroup) return nonResource;
  const apiGroup = isCore ? '' : (parts[1] ?? '');
  let rest = parts.slice(isCore ? 2 : 3);
  if (rest[0] === 'namespaces' && rest.length > 2) rest = rest.slice(2);
  const [resource = '', name, subresource] = rest;
  const writes: Readonly<Record<string, string>> = { POST: 'create', PATCH: 'patch', PUT: 'update', DELETE: 'delete' };
  const verb = writes[method] ?? (name === undefined ? 'list' : 'get');
  return {
    verb,
    apiGroup,
    resource: subresource === undefined ? resource : `${resource}/${subresource}`,
    nonResourceUrl: '',
  };
}
