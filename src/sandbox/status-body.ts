import { type Answer, goJson, type HeaderPairs, jsonAnswer } from './answer.js';

export interface StatusDetails {
  readonly name?: string;
  readonly group?: string;
  readonly kind?: string;
  readonly causes?: readonly { readonly reason: string; readonly message: string; readonly field: string }[];
}

export interface Failure {
  readonly code: number;
  readonly reason: string;
  readonly message: string;
  readonly details?: StatusDetails;
  /** The token with which an expired list may be continued. */
  readonly continueToken?: string;
}

/** A `Status` of the API, with its fields in the order in which the real server writes them. */
export function statusAnswer(failure: Failure, flow: HeaderPairs): Answer {
  const { code, reason, message, details, continueToken } = failure;
  const body = goJson({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: continueToken === undefined ? {} : { continue: continueToken },
    status: 'Failure',
    message,
    reason,
    ...(details === undefined ? {} : { details }),
    code,
  });
  return jsonAnswer(code, body, flow);
}

/** `deployments.apps`, as messages name a resource. */
export function qualified(resource: string, group: string): string {
  return group === '' ? resource : `${resource}.${group}`;
}

function objectDetails(resource: string, group: string, name: string): StatusDetails {
  return { ...(name === '' ? {} : { name }), ...(group === '' ? {} : { group }), kind: resource };
}

export function objectNotFound(resource: string, group: string, name: string): Failure {
  const details = objectDetails(resource, group, name);
  return { code: 404, reason: 'NotFound', message: `${qualified(resource, group)} "${name}" not found`, details };
}

export function alreadyExists(resource: string, group: string, name: string): Failure {
  const details = objectDetails(resource, group, name);
  return {
    code: 409,
    reason: 'AlreadyExists',
    message: `${qualified(resource, group)} "${name}" already exists`,
    details,
  };
}

/** The object is no longer in the state that the request was made for. */
export function modified(resource: string, group: string, name: string): Failure {
  const words = 'the object has been modified; please apply your changes to the latest version and try again';
  const message = `Operation cannot be fulfilled on ${qualified(resource, group)} "${name}": ${words}`;
  return { code: 409, reason: 'Conflict', message, details: objectDetails(resource, group, name) };
}

export function otherUid(object: {
  readonly kind: string;
  readonly name: string;
  readonly wanted: string;
  readonly uid: string;
}): Failure {
  const { kind, name, wanted, uid } = object;
  const words = `the UID in the precondition (${wanted}) does not match the UID in record (${uid}). The object might have been deleted and then recreated`;
  const message = `Operation cannot be fulfilled on ${kind} "${name}": ${words}`;
  return { code: 409, reason: 'Conflict', message, details: { name, kind } };
}

export function nameRequired(kind: string): Failure {
  const message = 'Required value: name or generateName is required';
  const causes = [{ reason: 'FieldValueRequired', message, field: 'metadata.name' }];
  return {
    code: 422,
    reason: 'Invalid',
    message: `${kind} "" is invalid: metadata.name: ${message}`,
    details: { kind, causes },
  };
}

/** All that the server says of a JSON patch that does not fit. */
export const REJECTED_PATCH: Failure = {
  code: 422,
  reason: 'Invalid',
  message: 'the server rejected our request due to an error in our request',
  details: {},
};

export const UNSUPPORTED_PATCH: Failure = {
  code: 415,
  reason: 'UnsupportedMediaType',
  message: '415: Unsupported Media Type',
  details: {},
};

export const NO_SUCH_RESOURCE: Failure = {
  code: 404,
  reason: 'NotFound',
  message: 'the server could not find the requested resource',
  details: {},
};

export const METHOD_NOT_ALLOWED: Failure = {
  code: 405,
  reason: 'MethodNotAllowed',
  message: 'the server does not allow this method on the requested resource',
  details: {},
};

export const UNSUPPORTED_MEDIA_TYPE: Failure = {
  code: 415,
  reason: 'UnsupportedMediaType',
  message: 'the body of the request was in an unknown format - accepted media types include: application/json',
};

export const UNAUTHORIZED: Failure = { code: 401, reason: 'Unauthorized', message: 'Unauthorized' };

/** What a real server could do and the sandbox cannot. */
export function notInSandbox(what: string): Failure {
  return { code: 405, reason: 'MethodNotAllowed', message: `${what}: not supported by the sandbox`, details: {} };
}

export function badRequest(message: string): Failure {
  return { code: 400, reason: 'BadRequest', message };
}

export interface Denial {
  readonly user: string;
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
  readonly name: string;
  readonly namespace: string;
}

export function forbidden(denial: Denial): Failure {
  const { user, verb, group, resource, subresource, name, namespace } = denial;
  const subject = qualified(resource, group) + (name === '' ? '' : ` "${name}"`);
  const wanted = subresource === '' ? resource : `${resource}/${subresource}`;
  const scope = namespace === '' ? 'at the cluster scope' : `in the namespace "${namespace}"`;
  return {
    code: 403,
    reason: 'Forbidden',
    message: `${subject} is forbidden: User "${user}" cannot ${verb} resource "${wanted}" in API group "${group}" ${scope}`,
    details: objectDetails(resource, group, name),
  };
}

export function forbiddenPath(user: string, verb: string, path: string): Failure {
  const message = `forbidden: User "${user}" cannot ${verb} path "${path}"`;
  return { code: 403, reason: 'Forbidden', message, details: {} };
}
