import { stringAt } from '../lib/untyped.js';
import type { Collection } from './catalogue.js';
import type { ListItem } from './split-list.js';
import { qualified } from './status-body.js';

interface Term {
  readonly key: string;
  readonly value: string;
  readonly equal: boolean;
}

function about(object: string): string[] {
  return ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'].map(
    (field) => `${object}.${field}`,
  );
}

/** Beside name and namespace; what the real server knows and a reader of evidence asks for. */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  'pods': ['spec.nodeName', 'status.phase', 'spec.restartPolicy', 'spec.serviceAccountName', 'status.podIP'],
  'namespaces': ['status.phase'],
  'events': [...about('involvedObject'), 'reason', 'type', 'reportingComponent'],
  'events.events.k8s.io': [...about('regarding'), 'reason', 'type', 'reportingController'],
};

function parseTerms(selector: string): Term[] {
  return selector
    .split(',')
    .filter((term) => term !== '')
    .map((term) => {
      const match = /^([^=!]*)(!=|==?)(.*)$/.exec(term);
      return { key: match?.[1] ?? term, value: match?.[3] ?? '', equal: match?.[2] !== '!=' };
    });
}

function fieldOf(item: ListItem, key: string): string {
  return stringAt(item.parsed, ...key.split('.')) ?? '';
}

/** The entries that a list call asks for. `error` is the server's message for a selector that it does not know. */
export function selectItems(
  collection: Collection,
  namespace: string,
  query: URLSearchParams,
): { items: ListItem[] } | { error: string } {
  const fields = parseTerms(query.get('fieldSelector') ?? '');
  const labels = parseTerms(query.get('labelSelector') ?? '');
  const known = [
    'metadata.name',
    'metadata.namespace',
    ...(FIELDS[qualified(collection.resource, collection.group)] ?? []),
  ];
  const unknown = fields.find((term) => !known.includes(term.key));
  if (unknown !== undefined) return { error: `field label not supported: ${unknown.key}` };
  const items = collection.items.filter(
    (item) =>
      (namespace === '' || item.namespace === namespace) &&
      fields.every((term) => (fieldOf(item, term.key) === term.value) === term.equal) &&
      labels.every((term) => (stringAt(item.parsed, 'metadata', 'labels', term.key) === term.value) === term.equal),
  );
  return { items };
}
