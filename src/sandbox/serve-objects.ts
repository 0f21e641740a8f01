import { type Answer, type HeaderPairs, jsonAnswer } from './answer.js';
import type { ApiRequest, ResourceRequest } from './api-request.js';
import { acceptsJson, notAcceptable } from './accept.js';
import type { Catalogue, Collection } from './catalogue.js';
import { joinItems, listMetadata, pageList, type Paged } from './page-list.js';
import { selectItems } from './select-items.js';
import type { ListItem } from './split-list.js';
import { badRequest, notInSandbox, objectNotFound, statusAnswer } from './status-body.js';

const OBJECT_TYPES = ['yaml', 'vnd.kubernetes.protobuf', 'json;stream=watch', 'vnd.kubernetes.protobuf;stream=watch'];

function listBody(collection: Collection, page: Paged<ListItem>): Buffer {
  const { listKind: kind, groupVersion: apiVersion, sortedKeys } = collection;
  const metadata = JSON.stringify(listMetadata(page, sortedKeys));
  const items = joinItems(page.items);
  const [before, after] = sortedKeys
    ? [`{"apiVersion":"${apiVersion}","items":[`, `],"kind":"${kind}","metadata":${metadata}}\n`]
    : [`{"kind":"${kind}","apiVersion":"${apiVersion}","metadata":${metadata},"items":[`, ']}\n'];
  return Buffer.concat([Buffer.from(before), items, Buffer.from(after)]);
}

function objectBody(collection: Collection, item: ListItem): Buffer {
  if (collection.sortedKeys) return Buffer.concat([item.bytes, Buffer.from('\n')]);
  const head = `{"kind":"${collection.kind}","apiVersion":"${collection.groupVersion}",`;
  return Buffer.concat([Buffer.from(head), item.bytes.subarray(1), Buffer.from('\n')]);
}

/** Lists and single objects of the recorded collections. */
export function serveObjects(
  request: ApiRequest & { readonly resource: ResourceRequest },
  catalogue: Catalogue,
  flow: HeaderPairs,
): Answer | null {
  const { group, version, resource, name, subresource } = request.resource;
  const collection = catalogue.find(group, version, resource);
  const inNamespace = request.resource.namespace !== '' && resource !== 'namespaces';
  if (collection === undefined || (inNamespace && !collection.namespaced) || subresource !== '') return null;
  if (request.verb === 'watch') return statusAnswer(notInSandbox('watch'), flow);
  if (!acceptsJson(request.accept)) return notAcceptable(OBJECT_TYPES, flow);
  if (name !== '') {
    const item = catalogue.object(collection, request.resource.namespace, name);
    if (item === undefined) return statusAnswer(objectNotFound(resource, group, name), flow);
    return jsonAnswer(200, objectBody(collection, item), flow);
  }
  return serveList(request, collection, flow);
}

function serveList(
  request: ApiRequest & { readonly resource: ResourceRequest },
  collection: Collection,
  flow: HeaderPairs,
): Answer {
  const { query } = request;
  const { namespace } = request.resource;
  const selected = selectItems(collection, namespace, query);
  if ('error' in selected) return statusAnswer(badRequest(selected.error), flow);
  const wide = collection.namespaced && namespace === '';
  const page = pageList({
    items: selected.items,
    keyOf: (item) => (wide ? `${item.namespace}/${item.name}` : item.name),
    query,
    resourceVersion: collection.resourceVersion,
    counted: !query.has('fieldSelector') && !query.has('labelSelector'),
  });
  return 'code' in page ? statusAnswer(page, flow) : jsonAnswer(200, listBody(collection, page), flow);
}
