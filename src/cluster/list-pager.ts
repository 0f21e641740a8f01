import { createHash } from 'node:crypto';
import { escapeForTerminal } from '../lib/terminal-escape.js';
import { parseJson, stringAt } from '../lib/untyped.js';
import { ExhibitError, type ErrorCode } from '../model/errors.js';
import type { BufferedAnswer, ListEnd, ListPage, ListRequest } from '../ports/cluster-reader.js';
import { inconsistentToken, parseListPage, type ParsedPage } from './list-page.js';

const DEFAULT_PAGE_SIZE = 500;
const DEFAULT_MAX_PAGES = 100_000;
/** A server that expires each token as soon as it is used would never let us end. */
const MAX_EXPIRIES = 10;

export interface PagerDeps {
  /** One page. Throws as `ClusterReader.get`. */
  fetchPage(request: ListRequest, query: readonly (readonly [string, string])[]): Promise<BufferedAnswer>;
  /** The list goes on at a later state of the cluster. */
  onInconsistent(path: string): void;
}

const REASON_BY_CODE: Partial<Record<ErrorCode, string>> = {
  CLUSTER_UNREACHABLE: 'unreachable',
  CLUSTER_UNAUTHENTICATED: 'unauthenticated',
  KUBECONFIG_INVALID: 'unauthenticated',
  TIMEOUT: 'timeout',
  CUT: 'cut',
  LIMIT_REACHED: 'page-too-large',
  INTERRUPTED: 'interrupted',
  CLUSTER_PROTOCOL: 'not-json',
};

const REASON_BY_STATUS: Readonly<Record<number, string>> = {
  400: 'bad-request',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not-found',
  405: 'not-allowed',
  406: 'not-acceptable',
  410: 'expired',
  429: 'throttled',
  503: 'unavailable',
};

function reasonOfStatus(status: number): string {
  return REASON_BY_STATUS[status] ?? (status >= 500 ? 'server-error' : 'unexpected-status');
}

/** What a Status object says, or the beginning of what stands there instead of one. */
function messageOf(body: Buffer): string {
  return escapeForTerminal(stringAt(parseJson(body), 'message') ?? body.toString('utf8', 0, 300), 300);
}

/** State of one list while it is read. */
class ListReading {
  readonly #deps: PagerDeps;
  readonly #request: ListRequest;
  /** Hashes, because 100,000 tokens as they are would be a lot of memory. */
  readonly #seen = new Set<string>();
  #attempt = 1;
  #pages = 0;
  #items = 0;
  #expiries = 0;
  #inconsistent = false;
  #resourceVersion = '';
  #token = '';
  #status: number | null = null;

  constructor(deps: PagerDeps, request: ListRequest) {
    this.#deps = deps;
    this.#request = request;
  }

  async run(onPage: (page: ListPage) => Promise<void>): Promise<ListEnd> {
    for (;;) {
      if (this.#pages >= (this.#request.maxPages ?? DEFAULT_MAX_PAGES))
        return this.#end('too-many-pages', `more than ${String(this.#pages)} pages`);
      const answer = await this.#fetch();
      if (answer instanceof ExhibitError) return this.#end(REASON_BY_CODE[answer.code] ?? 'failed', answer.message);
      this.#status = answer.status;
      if (answer.status === 410) {
        if (this.#afterExpiry(answer.body)) continue;
        return this.#end('expired', 'the server expired the list while it was read');
      }
      if (answer.status !== 200) return this.#end(reasonOfStatus(answer.status), messageOf(answer.body));
      const page = parseListPage(answer.body);
      if ('reason' in page) return this.#end(page.reason, page.detail);
      await this.#take(answer, page, onPage);
      if (page.continueToken === '') return this.#end(null, null);
      if (!this.#advance(page.continueToken))
        return this.#end('token-repeated', 'the server gave the same continue token twice');
    }
  }

  async #fetch(): Promise<BufferedAnswer | ExhibitError> {
    const { query = [], pageSize = DEFAULT_PAGE_SIZE } = this.#request;
    const paging: [string, string][] = [['limit', String(pageSize)]];
    if (this.#token !== '') paging.push(['continue', this.#token]);
    try {
      return await this.#deps.fetchPage(this.#request, [...query, ...paging]);
    } catch (error) {
      if (error instanceof ExhibitError) return error;
      throw error;
    }
  }

  async #take(answer: BufferedAnswer, page: ParsedPage, onPage: (page: ListPage) => Promise<void>): Promise<void> {
    const { body, ...head } = answer;
    this.#pages += 1;
    this.#items += page.items.length;
    this.#resourceVersion = page.resourceVersion;
    await onPage({
      attempt: this.#attempt,
      number: this.#pages,
      body,
      answer: head,
      items: page.items,
      resourceVersion: page.resourceVersion,
      continueToken: page.continueToken,
    });
  }

  #advance(token: string): boolean {
    const hash = createHash('sha256').update(token, 'utf8').digest('base64').slice(0, 24);
    if (this.#seen.has(hash)) return false;
    this.#seen.add(hash);
    this.#token = token;
    return true;
  }

  /** Whether to go on after a 410: from the start the first time, then with the token that the server gives, if it does. */
  #afterExpiry(body: Buffer): boolean {
    this.#expiries += 1;
    if (this.#attempt === 1) {
      this.#attempt = 2;
      this.#pages = 0;
      this.#items = 0;
      this.#token = '';
      this.#seen.clear();
      return true;
    }
    const token = inconsistentToken(body);
    if (token === '' || this.#expiries > MAX_EXPIRIES || !this.#advance(token)) return false;
    if (!this.#inconsistent) this.#deps.onInconsistent(this.#request.path);
    this.#inconsistent = true;
    return true;
  }

  #end(reason: string | null, detail: string | null): ListEnd {
    return {
      complete: reason === null,
      pages: this.#pages,
      items: this.#items,
      attempts: this.#attempt,
      inconsistent: this.#inconsistent,
      resourceVersion: this.#resourceVersion,
      reason,
      detail,
      status: this.#status,
    };
  }
}

/** Pages of one list, strictly one after another. Throws only what `onPage` throws. */
export async function readList(
  deps: PagerDeps,
  request: ListRequest,
  onPage: (page: ListPage) => Promise<void>,
): Promise<ListEnd> {
  return await new ListReading(deps, request).run(onPage);
}
