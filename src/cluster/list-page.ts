import { parseJson, stringAt, valueAt } from '../lib/untyped.js';

/** Longer tokens do not fit a request line; real ones have a few hundred characters. */
const MAX_TOKEN_LENGTH = 16 * 1024;

export interface ParsedPage {
  readonly items: readonly unknown[];
  readonly resourceVersion: string;
  readonly continueToken: string;
}

export interface PageFault {
  readonly reason: 'not-json' | 'not-a-list';
  readonly detail: string;
}

function fault(reason: PageFault['reason'], detail: string): PageFault {
  return { reason, detail };
}

function itemsOf(page: unknown): readonly unknown[] | undefined {
  const items = valueAt(page, 'items') === undefined ? valueAt(page, 'rows') : valueAt(page, 'items');
  // Go writes an empty list that was never made as null.
  if (items === null) return [];
  return Array.isArray(items) ? (items as unknown[]) : undefined;
}

/** A page of a list or Table. Never throws; unknown members are ignored. */
export function parseListPage(body: Buffer): ParsedPage | PageFault {
  const page = parseJson(body);
  if (page === undefined) return fault('not-json', `${String(body.length)} bytes that are not JSON`);
  const metadata = valueAt(page, 'metadata');
  if (metadata === null || typeof metadata !== 'object' || Array.isArray(metadata))
    return fault('not-a-list', 'JSON without list metadata');
  const items = itemsOf(page);
  if (items === undefined) return fault('not-a-list', 'JSON without a list of items');
  const token = valueAt(metadata, 'continue') ?? '';
  if (typeof token !== 'string' || token.length > MAX_TOKEN_LENGTH)
    return fault('not-a-list', 'a continue token that is none');
  return { items, resourceVersion: stringAt(metadata, 'resourceVersion') ?? '', continueToken: token };
}

/** The token that a 410 gives to go on at a later state; empty when none. */
export function inconsistentToken(body: Buffer): string {
  const token = stringAt(parseJson(body), 'metadata', 'continue') ?? '';
  return token.length > MAX_TOKEN_LENGTH ? '' : token;
}
