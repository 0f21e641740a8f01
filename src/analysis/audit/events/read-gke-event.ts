import { stringAt, valueAt } from '../../../lib/untyped.js';
import type { AuditEvent, AuditObject } from '../../../model/audit-event.js';
import type { AuditLevel } from '../../../model/audit-policy.js';
import { instantAt, neededText, textAt, WrongType } from './read-event.js';

/** Codes of gRPC, in which Cloud Logging says how a request ended, as the API server answers them. */
const HTTP_OF_GRPC: Readonly<Record<number, number>> = {
  ...{ 0: 200, 3: 400, 5: 404, 6: 409, 7: 403, 8: 429, 9: 412, 10: 409, 13: 500, 14: 503, 16: 401 },
};

/** `core/v1/namespaces/shop/pods/web/exec` */
function objectOf(name: string): AuditObject | null {
  const [group = '', version = '', ...path] = name.split('/');
  const isNamespaced = path[0] === 'namespaces' && path.length > 2;
  const [resource, object = '', subresource = ''] = isNamespaced ? path.slice(2) : path;
  if (resource === undefined) return null;
  const namespace = isNamespaced ? (path[1] ?? '') : '';
  return { group: group === 'core' ? '' : group, version, resource, subresource, namespace, name: object, uid: '' };
}

/** What is written of a request: bodies are there or not. */
function levelOf(request: unknown, response: unknown): AuditLevel {
  if (response !== null) return 'RequestResponse';
  return request === null ? 'Metadata' : 'Request';
}

function codeOf(payload: unknown): number | null {
  const code = valueAt(payload, 'status', 'code');
  return typeof code === 'number' ? (HTTP_OF_GRPC[code] ?? null) : null;
}

/** An entry of Google Cloud Logging. What it does not say is concluded and named in `inferred`. Throws `WrongType`. */
export function readGkeEvent(value: unknown): AuditEvent {
  const payload = valueAt(value, 'protoPayload');
  const atMs = instantAt(value, 'timestamp');
  if (atMs === undefined) throw new WrongType('timestamp');
  const method = neededText(payload, 'methodName');
  const request = valueAt(payload, 'request') ?? null;
  const response = valueAt(payload, 'response') ?? null;
  const decision = stringAt(value, 'labels', 'authorization.k8s.io/decision');
  const address = textAt(payload, 'requestMetadata', 'callerIp');
  const username = textAt(payload, 'authenticationInfo', 'principalEmail');
  return {
    ...{ format: 'gke', auditId: neededText(value, 'insertId'), stage: 'ResponseComplete', atMs, receivedAtMs: null },
    level: levelOf(request, response),
    verb: method.slice(method.lastIndexOf('.') + 1),
    uri: '',
    user: { username: username ?? '', uid: null, groups: [], extra: {} },
    impersonated: null,
    sourceIps: address === undefined ? [] : [address],
    userAgent: textAt(payload, 'requestMetadata', 'callerSuppliedUserAgent') ?? null,
    object: objectOf(textAt(payload, 'resourceName') ?? ''),
    code: codeOf(payload),
    annotations: decision === undefined ? {} : { 'authorization.k8s.io/decision': decision },
    ...{ request, response },
    inferred: ['auditId', 'stage', 'level', 'verb', 'object', 'code', 'user.groups', 'impersonated'],
  };
}
