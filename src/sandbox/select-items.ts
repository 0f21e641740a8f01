import { stringAt } from '../lib/untyped.js';
import type { Collection } from './catalogue.js';
import type { ListItem } from './split-list.js';

interface Term {
  readonly key: string;
  readonly value: string;
  readonly equal: boolean;
}

/** Beside name and namespace; what the real server knows and a reader of evidence asks for. */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  pods: ['spec.nodeName', 'status.phase', 'spec.restartPolicy', 'spec.serviceAccountName', 'status.podIP'],
  namespaces: ['status.phase'],
  events: [
    ...['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'].map(
      (field) => `involvedObject.${field}`,
    ),
    ...['reason', 'type', 'reportingComponent'],
  ],
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
  const path = key.split('.');
  // The newer group of events calls it by another name, and selects by the old one.
  if (path[0] === 'involvedObject')
    return stringAt(item.parsed, ...path) ?? stringAt(item.parsed, 'regarding', ...path.slice(1)) ?? '';
  return stringAt(item.parsed, ...path) ?? '';
}

/** The entries that a list call asks for. `error` is the server's message for a selector that it does not know. */
export function selectItems(
  collection: Collection,
  namespace: string,
  query: URLSearchParams,
): { items: ListItem[] } | { error: string } {
  const fields = parseTerms(query.get('fieldSelector') ?? '');
  const labels = parseTerms(query.get('labelSelector') ?? '');
  const known = ['metadata.name', 'metadata.namespace', ...(FIELDS[collection.resource] ?? [])];
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
