import { stringAt, parseJson } from '../lib/untyped.js';
import type { Scenario } from './scenario.js';
import { type ListItem, splitArray } from './split-list.js';

/** A recorded list, split into the bytes of its entries. */
export interface Collection {
  readonly group: string;
  readonly groupVersion: string;
  readonly resource: string;
  readonly kind: string;
  readonly namespaced: boolean;
  /** Kind of the list as a whole. */
  readonly listKind: string;
  readonly resourceVersion: string;
  /** Custom resources: keys sorted, entries with kind and apiVersion. */
  readonly sortedKeys: boolean;
  readonly items: readonly ListItem[];
}

/** Finds recorded lists; each is read and split when it is first asked for. What is changed is changed in memory. */
export class Catalogue {
  readonly #scenario: Scenario;
  readonly #loaded = new Map<string, Collection>();
  #version = 0;

  constructor(scenario: Scenario) {
    this.#scenario = scenario;
  }

  find(group: string, version: string, resource: string): Collection | undefined {
    const groupVersion = group === '' ? version : `${group}/${version}`;
    const key = `${groupVersion} ${resource}`;
    const known = this.#loaded.get(key);
    if (known !== undefined) return known;
    const entry = this.#scenario.lists.find((list) => list.groupVersion === groupVersion && list.resource === resource);
    if (entry === undefined) return undefined;
    const body = this.#scenario.bytesOf({ file: entry.file });
    const whole = parseJson(body);
    const collection: Collection = {
      group,
      groupVersion,
      resource,
      kind: entry.kind,
      namespaced: entry.namespaced,
      listKind: stringAt(whole, 'kind') ?? `${entry.kind}List`,
      resourceVersion: stringAt(whole, 'metadata', 'resourceVersion') ?? '1',
      sortedKeys: body.subarray(0, 13).toString('latin1') === '{"apiVersion"',
      items: splitArray(body, 'items').map(itemOf),
    };
    this.#loaded.set(key, collection);
    return collection;
  }

  /** Higher than any that was recorded or given out. */
  nextVersion(): string {
    const known = [...this.#loaded.values()].map(({ resourceVersion }) => Number(resourceVersion));
    this.#version = Math.max(this.#version, ...known) + 1;
    return String(this.#version);
  }

  /** Stores an object in the place of the one with its name, or as a new one. */
  put(collection: Collection, object: Readonly<Record<string, unknown>>): void {
    const { kind: _kind, apiVersion: _version, ...bare } = object;
    const stored = collection.sortedKeys
      ? { ...bare, kind: collection.kind, apiVersion: collection.groupVersion }
      : bare;
    const item = itemOf(Buffer.from(JSON.stringify(stored)));
    const others = this.#itemsOf(collection).filter(
      (one) => one.name !== item.name || one.namespace !== item.namespace,
    );
    this.#keep(collection, [...others, item].sort(byKey));
  }

  remove(collection: Collection, item: ListItem): void {
    this.nextVersion();
    this.#keep(
      collection,
      this.#itemsOf(collection).filter((one) => one !== item),
    );
  }

  #itemsOf({ group, groupVersion, resource, items }: Collection): readonly ListItem[] {
    return this.find(group, groupVersion.split('/').at(-1) ?? '', resource)?.items ?? items;
  }

  #keep(collection: Collection, items: readonly ListItem[]): void {
    const key = `${collection.groupVersion} ${collection.resource}`;
    this.#loaded.set(key, { ...collection, items, resourceVersion: String(this.#version) });
  }

  /** An object of a recorded list. */
  object(collection: Collection, namespace: string, name: string): ListItem | undefined {
    return collection.items.find(
      (item) => item.name === name && item.namespace === (collection.namespaced ? namespace : ''),
    );
  }
}

function itemOf(bytes: Buffer): ListItem {
  const parsed = parseJson(bytes);
  const name = stringAt(parsed, 'metadata', 'name') ?? '';
  return { bytes, parsed, name, namespace: stringAt(parsed, 'metadata', 'namespace') ?? '' };
}

/** The order in which the server lists: that of its keys. */
function byKey(one: ListItem, other: ListItem): number {
  const [left, right] = [`${one.namespace}/${one.name}`, `${other.namespace}/${other.name}`];
  return left < right ? -1 : Number(left > right);
}
