import { toRfc3339 } from '../lib/clock.js';
import { parseJson, stringAt, stringsAt, valueAt } from '../lib/untyped.js';
import type { Clock, Ids } from '../ports/clock.js';
import { type Answer, goJson, type HeaderPairs, jsonAnswer } from './answer.js';
import type { ApiRequest, ResourceRequest } from './api-request.js';
import { jsonPatch, mergePatch } from './apply-patch.js';
import type { Catalogue, Collection } from './catalogue.js';
import type { ListItem } from './split-list.js';
import {
  alreadyExists,
  badRequest,
  type Failure,
  modified,
  nameRequired,
  objectNotFound,
  otherUid,
  REJECTED_PATCH,
  statusAnswer,
  UNSUPPORTED_PATCH,
} from './status-body.js';

type Plain = Record<string, unknown>;

export interface WriteParts {
  readonly catalogue: Catalogue;
  readonly flow: HeaderPairs;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly body: Buffer;
  readonly contentType: string;
  readonly userAgent: string;
}

interface Write extends WriteParts {
  readonly request: ApiRequest & { readonly resource: ResourceRequest };
  readonly collection: Collection;
  readonly dryRun: boolean;
}

const seconds = (ms: number): string => `${toRfc3339(ms).slice(0, 19)}Z`;

function asPlain(value: unknown): Plain {
  return value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as Plain) : {};
}

function refuse(write: Write, failure: Failure): Answer {
  return statusAnswer(failure, write.flow);
}

function say(write: Write, status: number, object: Plain): Answer {
  const { kind, groupVersion: apiVersion } = write.collection;
  return jsonAnswer(
    status,
    goJson({ ...object, ...(object['kind'] === undefined ? { kind, apiVersion } : {}) }),
    write.flow,
  );
}

function managedFields({ request, collection, clock, userAgent }: Write): readonly Plain[] {
  const manager = request.query.get('fieldManager') ?? userAgent.split('/', 1)[0];
  const apiVersion = collection.groupVersion;
  const time = seconds(clock.nowMs());
  return [{ manager, operation: 'Update', apiVersion, time, fieldsType: 'FieldsV1', fieldsV1: {} }];
}

function createProblem(write: Write, object: Plain): Failure | null {
  const { collection, catalogue, request } = write;
  const { namespace, resource, group } = request.resource;
  const kind = stringAt(object, 'kind');
  if (kind !== collection.kind)
    return badRequest(
      `${kind ?? ''} in version "${collection.groupVersion}" cannot be handled as a ${collection.kind}`,
    );
  const named = stringAt(object, 'metadata', 'namespace') ?? '';
  if (named !== '' && named !== namespace)
    return badRequest('the namespace of the provided object does not match the namespace sent on the request');
  const namespaces = catalogue.find('', 'v1', 'namespaces');
  const there = namespaces !== undefined && catalogue.object(namespaces, '', namespace) !== undefined;
  if (collection.namespaced && !there) return objectNotFound('namespaces', '', namespace);
  const name = stringAt(object, 'metadata', 'name') ?? '';
  if (name === '') return nameRequired(kind);
  return catalogue.object(collection, namespace, name) === undefined ? null : alreadyExists(resource, group, name);
}

function create(write: Write): Answer {
  const { collection, catalogue, clock, ids, request, dryRun } = write;
  const object = asPlain(parseJson(write.body));
  const problem = createProblem(write, object);
  if (problem !== null) return refuse(write, problem);
  const { kind: _kind, apiVersion: _version, metadata, ...rest } = object;
  const made = {
    metadata: {
      ...asPlain(metadata),
      ...(collection.namespaced ? { namespace: request.resource.namespace } : {}),
      uid: ids.uuid(),
      ...(dryRun ? {} : { resourceVersion: catalogue.nextVersion() }),
      creationTimestamp: seconds(clock.nowMs()),
      managedFields: managedFields(write),
    },
    ...rest,
    ...(collection.kind === 'Pod' ? { status: { phase: 'Pending', qosClass: 'BestEffort' } } : {}),
  };
  if (!dryRun) catalogue.put(collection, made);
  return say(write, 201, made);
}

function patched(write: Write, item: ListItem): Plain | Failure {
  const sent = parseJson(write.body);
  const type = write.contentType.split(';', 1)[0];
  if (type === 'application/merge-patch+json') return asPlain(mergePatch(item.parsed, sent));
  if (type !== 'application/json-patch+json') return UNSUPPORTED_PATCH;
  const next = jsonPatch(item.parsed, sent);
  return next === null ? REJECTED_PATCH : asPlain(next);
}

function isFailure(value: Plain | Failure): value is Failure {
  return 'code' in value && 'reason' in value;
}

/** The server keeps no empty map. */
function withoutEmptyMaps(metadata: Plain): Plain {
  const gone = ['annotations', 'labels'].filter((key) => Object.keys(asPlain(metadata[key])).length === 0);
  return Object.fromEntries(Object.entries(metadata).filter(([key]) => !gone.includes(key)));
}

function patch(write: Write, item: ListItem): Answer {
  const { catalogue, collection, request, dryRun } = write;
  const { resource, group, name } = request.resource;
  const next = patched(write, item);
  if (isFailure(next)) return refuse(write, next);
  const version = stringAt(item.parsed, 'metadata', 'resourceVersion');
  if (stringAt(next, 'metadata', 'resourceVersion') !== version) return refuse(write, modified(resource, group, name));
  const changed = JSON.stringify(next) !== JSON.stringify(item.parsed);
  if (!changed || dryRun) return say(write, 200, next);
  const metadata = withoutEmptyMaps(asPlain(next['metadata']));
  const stored = { ...next, metadata: { ...metadata, resourceVersion: catalogue.nextVersion() } };
  catalogue.put(collection, stored);
  return say(write, 200, stored);
}

/** The refusal when the object is another one than was meant. */
function uidProblem(write: Write, item: ListItem, options: unknown): Failure | null {
  const wanted = stringAt(options, 'preconditions', 'uid');
  const uid = stringAt(item.parsed, 'metadata', 'uid') ?? '';
  if (wanted === undefined || wanted === uid) return null;
  return otherUid({ kind: write.collection.kind, name: item.name, wanted, uid });
}

/** Pods end at once here: there is no kubelet that could give them time. */
function remove(write: Write, item: ListItem): Answer {
  const { catalogue, collection, request, dryRun } = write;
  const problem = uidProblem(write, item, parseJson(write.body));
  if (problem !== null) return refuse(write, problem);
  if (!dryRun) catalogue.remove(collection, item);
  if (collection.kind === 'Pod') return say(write, 200, asPlain(item.parsed));
  const details = { name: item.name, kind: request.resource.resource, uid: stringAt(item.parsed, 'metadata', 'uid') };
  return say(write, 200, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details });
}

function evict(write: Write, item: ListItem): Answer {
  const eviction = parseJson(write.body);
  const options = valueAt(eviction, 'deleteOptions');
  const problem = uidProblem(write, item, options);
  if (problem !== null) return refuse(write, problem);
  if (!write.dryRun) write.catalogue.remove(write.collection, item);
  return say(write, 201, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success' });
}

/** As the real server: a deletion with a body is a dry run only if the body says so. */
function isDryRun(request: Write['request'], body: Buffer): boolean {
  if (request.verb === 'delete' && body.length > 0) return stringsAt(parseJson(body), 'dryRun').includes('All');
  return request.query.get('dryRun') === 'All';
}

/** Creates, patches, deletes and evicts the objects of the recorded collections in memory; `null` for what is none of these. */
export function serveWrites(request: Write['request'], parts: WriteParts): Answer | null {
  const { group, version, resource, namespace, name, subresource } = request.resource;
  const collection = parts.catalogue.find(group, version, resource);
  if (collection === undefined) return null;
  const write: Write = { ...parts, request, collection, dryRun: isDryRun(request, parts.body) };
  const eviction = request.verb === 'create' && resource === 'pods' && subresource === 'eviction';
  if (request.verb === 'create' && name === '') return create(write);
  if (!eviction && (subresource !== '' || !['patch', 'delete'].includes(request.verb))) return null;
  const item = parts.catalogue.object(collection, namespace, name);
  if (item === undefined) return refuse(write, objectNotFound(resource, group, name));
  if (eviction) return evict(write, item);
  return request.verb === 'patch' ? patch(write, item) : remove(write, item);
}
