import { asciiJson } from '../lib/ascii-json.js';
import { stringAt, valueAt } from '../lib/untyped.js';

/** Characters of a name or version that the index repeats; the page has the whole. */
const MAX_VALUE = 512;

/** One line per object of an index file: where in the raw pages an object stands. */
export interface IndexLine {
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  /** File name of the page without its suffix. */
  readonly page: string;
  /** Position in the page's `items` or `rows`, from 0. */
  readonly ordinal: number;
}

export interface IndexedPage {
  readonly resource: string;
  /** For rows of a Table, which do not say it. Empty = not known. */
  readonly namespace: string;
  readonly page: string;
  readonly items: readonly unknown[];
}

function text(value: unknown, ...path: (string | number)[]): string {
  return (stringAt(value, ...path) ?? '').slice(0, MAX_VALUE);
}

function indexLine(page: IndexedPage, item: unknown, ordinal: number): IndexLine {
  const isRow = Array.isArray(valueAt(item, 'cells'));
  return {
    resource: page.resource.slice(0, MAX_VALUE),
    namespace: text(item, 'metadata', 'namespace') || page.namespace.slice(0, MAX_VALUE),
    name: isRow ? text(item, 'cells', 0) : text(item, 'metadata', 'name'),
    uid: text(item, 'metadata', 'uid'),
    resourceVersion: text(item, 'metadata', 'resourceVersion'),
    page: page.page,
    ordinal,
  };
}

/** The index lines of one page, each with its LF. Untrusted values that are no strings come out empty. */
export function renderIndex(page: IndexedPage): string {
  return page.items.map((item, ordinal) => `${asciiJson(indexLine(page, item, ordinal))}\n`).join('');
}

/** The earliest `metadata.creationTimestamp` of a page, if any looks like one; empty otherwise. */
export function oldestCreation(items: readonly unknown[]): string {
  let oldest = '';
  for (const item of items) {
    const at = stringAt(item, 'metadata', 'creationTimestamp') ?? '';
    if (/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/.test(at) && (oldest === '' || at < oldest)) oldest = at;
  }
  return oldest;
}
