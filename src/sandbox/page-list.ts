import { type ContinueToken, decodeContinue, encodeContinue } from './continue-token.js';
import { badRequest, type Failure } from './status-body.js';

const EXPIRED =
  'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue ' +
  'parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token ' +
  'results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and ' +
  'now may show up in the list.';

/** The refusal of a token whose version the server has dropped. The token in it goes on at the latest version. */
export function expired(token: ContinueToken): Failure {
  const continueToken = encodeContinue({ resourceVersion: -1, startKey: token.startKey });
  return { code: 410, reason: 'Expired', message: EXPIRED, continueToken };
}

export interface Paged<T> {
  readonly items: readonly T[];
  readonly resourceVersion: string;
  /** Empty on the last page. */
  readonly continueToken: string;
  /** `null` where the server does not count: last page, or with a selector. */
  readonly remaining: number | null;
}

export interface PageRequest<T> {
  readonly items: readonly T[];
  readonly keyOf: (item: T) => string;
  readonly query: URLSearchParams;
  readonly resourceVersion: string;
  readonly counted: boolean;
}

function parseLimit(query: URLSearchParams): number | Failure {
  const text = query.get('limit') ?? '';
  if (text === '') return 0;
  if (!/^[+-]?[0-9]+$/.test(text)) return badRequest(`strconv.ParseInt: parsing "${text}": invalid syntax`);
  return Math.max(0, Number(text));
}

function startOf<T>(request: PageRequest<T>, token: ContinueToken): number {
  const start = Buffer.from(token.startKey);
  const index = request.items.findIndex((item) => Buffer.compare(Buffer.from(request.keyOf(item)), start) >= 0);
  return index === -1 ? request.items.length : index;
}

/** One page in the order of the storage. A page and its token are the same bytes whenever they are asked for. */
export function pageList<T>(request: PageRequest<T>): Paged<T> | Failure {
  const limit = parseLimit(request.query);
  if (typeof limit !== 'number') return limit;
  const text = request.query.get('continue') ?? '';
  let start = 0;
  if (text !== '') {
    const token = decodeContinue(text);
    if (typeof token === 'string') return badRequest(`invalid continue token: continue key is not valid: ${token}`);
    // Of all versions there ever were, the recording holds one.
    if (token.resourceVersion > 0 && token.resourceVersion < Number(request.resourceVersion)) return expired(token);
    start = startOf(request, token);
  }
  const end = limit === 0 ? request.items.length : Math.min(request.items.length, start + limit);
  const items = request.items.slice(start, end);
  const last = items.at(-1);
  const more = end < request.items.length && last !== undefined;
  const resourceVersion = Number(request.resourceVersion);
  return {
    items,
    resourceVersion: request.resourceVersion,
    continueToken: more ? encodeContinue({ resourceVersion, startKey: `${request.keyOf(last)}\0` }) : '',
    remaining: more && request.counted ? request.items.length - end : null,
  };
}

/** `metadata` of a list in the order in which Go writes it: that of the struct, or sorted for custom resources. */
export function listMetadata(page: Paged<unknown>, sortedKeys: boolean): Record<string, unknown> {
  const version = { resourceVersion: page.resourceVersion };
  const token = page.continueToken === '' ? {} : { continue: page.continueToken };
  const remaining = page.remaining === null ? {} : { remainingItemCount: page.remaining };
  // Custom resources name the token even when there is none.
  if (sortedKeys) return { continue: page.continueToken, ...remaining, ...version };
  return { ...version, ...token, ...remaining };
}

export function joinItems(items: readonly { readonly bytes: Buffer }[]): Buffer {
  const parts = items.flatMap((item, index) => (index === 0 ? [item.bytes] : [Buffer.from(','), item.bytes]));
  return Buffer.concat(parts);
}
