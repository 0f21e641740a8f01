import { toRfc3339 } from '../lib/clock.js';
import { parseJson, stringAt, valueAt } from '../lib/untyped.js';
import { type Answer, goJson, type HeaderPairs, jsonAnswer } from './answer.js';
import { allowsPath, allowsResource } from './authorize.js';
import type { ScenarioIndex } from './scenario.js';
import { badRequest, type Failure, METHOD_NOT_ALLOWED, statusAnswer, UNSUPPORTED_MEDIA_TYPE } from './status-body.js';

export interface ReviewCall {
  readonly method: string;
  readonly group: string;
  readonly resource: string;
  readonly body: Buffer;
  readonly contentType: string;
  /** SHA-256 of the client's certificate, hex; the server puts it into the user's extra fields. */
  readonly credential: string | null;
  /** Written into managedFields: the client's name up to the first slash. */
  readonly userAgent: string;
  readonly nowMs: number;
}

const KINDS: Readonly<Record<string, string>> = {
  'authentication.k8s.io/selfsubjectreviews': 'SelfSubjectReview',
  'authorization.k8s.io/selfsubjectaccessreviews': 'SelfSubjectAccessReview',
  'authorization.k8s.io/selfsubjectrulesreviews': 'SelfSubjectRulesReview',
};

const seconds = (ms: number): string => `${toRfc3339(ms).slice(0, 19)}Z`;

function subjectReview(call: ReviewCall, scenario: ScenarioIndex): unknown {
  const extra =
    call.credential === null
      ? {}
      : { extra: { 'authentication.kubernetes.io/credential-id': [`X509SHA256=${call.credential}`] } };
  return {
    kind: 'SelfSubjectReview',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: { creationTimestamp: seconds(call.nowMs) },
    status: { userInfo: { ...scenario.identity, ...extra } },
  };
}

const RESOURCE_FIELDS = ['namespace', 'verb', 'group', 'version', 'resource', 'subresource', 'name'];

/** The fields that were given, in the order of the API's own type. */
function pick(value: unknown, fields: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    fields.flatMap((field) => {
      const text = stringAt(value, field);
      return text === undefined || text === '' ? [] : [[field, text]];
    }),
  );
}

function managedFields(call: ReviewCall, key: string, given: Record<string, string>): unknown {
  const names = Object.keys(given)
    .sort()
    .map((name) => [`f:${name}`, {}] as const);
  const fieldsV1 = { 'f:spec': { [`f:${key}`]: Object.fromEntries([['.', {}] as const, ...names]) } };
  const manager = call.userAgent.split('/', 1)[0];
  const apiVersion = 'authorization.k8s.io/v1';
  return [{ manager, operation: 'Update', apiVersion, time: seconds(call.nowMs), fieldsType: 'FieldsV1', fieldsV1 }];
}

const NEITHER: Failure = (() => {
  const field = 'spec.resourceAttributes';
  const message = 'Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified';
  return {
    code: 422,
    reason: 'Invalid',
    message: `.authorization.k8s.io "" is invalid: ${field}: ${message}`,
    details: { group: 'authorization.k8s.io', causes: [{ reason: 'FieldValueInvalid', message, field }] },
  };
})();

function accessReview(call: ReviewCall, scenario: ScenarioIndex): unknown {
  const asked = parseJson(call.body);
  const onPath = valueAt(asked, 'spec', 'nonResourceAttributes') !== undefined;
  const key = onPath ? 'nonResourceAttributes' : 'resourceAttributes';
  if (valueAt(asked, 'spec', key) === undefined) return undefined;
  const given = pick(valueAt(asked, 'spec', key), onPath ? ['path', 'verb'] : RESOURCE_FIELDS);
  const text = (field: string): string => given[field] ?? '';
  const asResource = {
    verb: text('verb'),
    group: text('group'),
    resource: text('resource'),
    subresource: text('subresource'),
    name: text('name'),
  };
  const allowed = onPath
    ? allowsPath(scenario.rules, text('verb'), text('path'))
    : allowsResource(scenario.rules, asResource);
  return {
    kind: 'SelfSubjectAccessReview',
    apiVersion: 'authorization.k8s.io/v1',
    metadata: { managedFields: managedFields(call, key, given) },
    spec: { [key]: given },
    status: allowed ? { allowed, reason: scenario.allowedBecause } : { allowed },
  };
}

function rulesReview(scenario: ScenarioIndex): unknown {
  return {
    kind: 'SelfSubjectRulesReview',
    apiVersion: 'authorization.k8s.io/v1',
    metadata: {},
    spec: {},
    status: { ...scenario.rules, incomplete: false },
  };
}

/** Reviews of oneself: who am I, may I. `null` when the resource is none of them. */
export function serveReviews(call: ReviewCall, scenario: ScenarioIndex, flow: HeaderPairs): Answer | null {
  const kind = KINDS[`${call.group}/${call.resource}`];
  if (kind === undefined) return null;
  if (call.method !== 'POST') return statusAnswer(METHOD_NOT_ALLOWED, flow);
  if (!call.contentType.startsWith('application/json')) return statusAnswer(UNSUPPORTED_MEDIA_TYPE, flow);
  const asked = parseJson(call.body);
  if (stringAt(asked, 'kind') !== kind) {
    return statusAnswer(badRequest(`the object provided is unrecognized (must be of type ${kind})`), flow);
  }
  if (kind === 'SelfSubjectReview') return jsonAnswer(201, goJson(subjectReview(call, scenario)), flow);
  if (kind === 'SelfSubjectRulesReview') return jsonAnswer(201, goJson(rulesReview(scenario)), flow);
  const review = accessReview(call, scenario);
  return review === undefined ? statusAnswer(NEITHER, flow) : jsonAnswer(201, goJson(review), flow);
}
