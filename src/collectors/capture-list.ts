import type { Sensitivity } from '../model/artifact.js';
import type { Proof } from '../model/outcome.js';
import { escapeForTerminal } from '../lib/terminal-escape.js';
import type { CollectContext, CollectResult } from '../ports/collector.js';
import type { ListEnd, ListPage, ListRequest } from '../ports/cluster-reader.js';
import type { ItemDraft, ItemFacts } from '../ports/evidence-sink.js';
import { concernsOneAnswer, interrupted } from './interrupted.js';
import { ListIndexFile } from './list-index-file.js';
import { oldestCreation } from './list-index.js';
import { openItem } from './open-item.js';
import { listResult } from './list-result.js';

export interface ListCapture {
  readonly request: Pick<ListRequest, 'path' | 'query' | 'accept' | 'pageSize'>;
  readonly artifact: string;
  readonly collector: string;
  /** `<group>.<version>.<resource>`, for the index. */
  readonly resource: string;
  /** The namespace that is listed; empty for all or none. */
  readonly namespace: string;
  /** Folder of the pages, without a slash at the end. */
  readonly folder: string;
  /** Folder of `index.jsonl`, without a slash at the end. */
  readonly indexFolder: string;
  readonly sensitivity: Sensitivity;
  /** The whole list may take so long; what is there then is kept. Milliseconds. */
  readonly timeBoxMs?: number;
  /** A reason to drop the page before a byte of it is written, or `null`. */
  refuse?(page: ListPage): string | null;
}

/** Thrown through the pager to end a list whose page must not be kept. */
class PageRefused extends Error {
  readonly reason: string;
  readonly pages: number;

  constructor(reason: string, page: ListPage) {
    super(reason);
    this.reason = reason;
    this.pages = page.number;
  }
}

function pageName(page: ListPage): string {
  return `${page.attempt === 1 ? 'page' : 'again'}-${String(page.number).padStart(4, '0')}`;
}

function pageFacts({ answer }: ListPage): ItemFacts {
  return {
    subject: {},
    source: { uri: answer.url, method: answer.method, auditId: answer.auditIdSent, status: answer.status },
    outcome: 'collected',
    sourceChanged: null,
    firstByteAt: answer.firstByteAt,
    lastByteAt: answer.lastByteAt,
  };
}

/** Writes pages and index as they come; remembers only counts. */
class ListSpool {
  /** On the disk, whichever attempt they are of. */
  pages = 0;
  /** Of the last attempt. */
  items = 0;
  oldest = '';
  lastToken = '';
  readonly #capture: ListCapture;
  readonly #context: CollectContext;
  readonly #index: ListIndexFile;
  #attempt = 1;

  constructor(capture: ListCapture, context: CollectContext) {
    this.#capture = capture;
    this.#context = context;
    const { artifact, collector, indexFolder } = capture;
    const draft = { artifact, collector, vantage: 'api', sensitivity: 'normal' } as const;
    this.#index = new ListIndexFile(context.sink, indexFolder, draft);
  }

  async page(page: ListPage): Promise<void> {
    const reason = this.#capture.refuse?.(page) ?? null;
    if (reason !== null) throw new PageRefused(reason, page);
    const name = pageName(page);
    const path = await this.#write(page, name);
    const { resource, namespace } = this.#capture;
    await this.#index.add({ resource, namespace, page: name, items: page.items }, path);
    this.pages += 1;
    this.items = (page.attempt === this.#attempt ? this.items : 0) + page.items.length;
    this.#attempt = page.attempt;
    this.lastToken = page.continueToken;
    const oldest = oldestCreation(page.items);
    if (oldest !== '' && (this.oldest === '' || oldest < this.oldest)) this.oldest = oldest;
  }

  async #write(page: ListPage, name: string): Promise<string> {
    const { folder, artifact, collector, sensitivity } = this.#capture;
    const draft: ItemDraft = { path: `${folder}/${name}.json`, artifact, collector, vantage: 'api', sensitivity };
    const { path, writer } = await openItem(this.#context.sink, draft);
    try {
      await writer.write(page.body);
    } catch (error) {
      await writer.abort();
      throw error;
    }
    await writer.commit(pageFacts(page));
    return path;
  }

  async close(): Promise<void> {
    await this.#index.commit();
  }

  async abort(): Promise<void> {
    await this.#index.abort();
  }
}

function withPages(end: ListEnd, spool: ListSpool): CollectResult {
  const extra: Proof = spool.oldest === '' ? {} : { oldestCreatedAt: spool.oldest };
  return listResult(end, { pages: spool.pages, items: spool.items, lastToken: spool.lastToken, extra });
}

function notAList(reason: string, detail: string, kept: { pages: number }): CollectResult {
  const outcome = kept.pages > 0 ? 'partial' : 'failed';
  return { outcome, reason, detail: escapeForTerminal(detail, 400), proof: { pages: kept.pages }, attempts: 1 };
}

async function read(capture: ListCapture, context: CollectContext, spool: ListSpool): Promise<CollectResult> {
  const box = capture.timeBoxMs === undefined ? null : AbortSignal.timeout(capture.timeBoxMs);
  const signal = box === null ? context.signal : AbortSignal.any([context.signal, box]);
  const boxed = () => box?.aborted === true && !context.signal.aborted;
  const late = () =>
    notAList('time-box', `The list took longer than ${String(capture.timeBoxMs)} ms.`, { pages: spool.pages });
  try {
    const end = await context.cluster.list({ ...capture.request, signal }, async (page) => await spool.page(page));
    if (context.signal.aborted && !end.complete) throw interrupted();
    if (boxed() && !end.complete) return late();
    if (end.inconsistent)
      context.emit('CLUSTER_INCONSISTENT', `${capture.resource}: the list expired while it was read.`);
    return withPages(end, spool);
  } catch (error) {
    if (error instanceof PageRefused) {
      return notAList(error.reason, `Page ${String(error.pages)} was dropped before it was written.`, spool);
    }
    if (boxed()) return late();
    if (!concernsOneAnswer(error)) throw error;
    return notAList(error.code.toLowerCase().replaceAll('_', '-'), error.message, spool);
  }
}

/**
 * Reads one list, each page a payload file as received, and an index of its objects under `data/derived/`. Memory holds one page,
 * whatever the length. Throws `INTERRUPTED` and what the sink throws; leaves no writer open.
 */
export async function captureList(capture: ListCapture, context: CollectContext): Promise<CollectResult> {
  const spool = new ListSpool(capture, context);
  try {
    const result = await read(capture, context, spool);
    await spool.close();
    return result;
  } finally {
    await spool.abort();
  }
}
