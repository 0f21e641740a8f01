import { derivedFacts } from './derived-facts.js';
import type { EvidenceSink, ItemDraft, ItemWriter } from '../ports/evidence-sink.js';
import { renderIndex, type IndexedPage } from './list-index.js';
import { openItem } from './open-item.js';

/** Pages per index file: what `derivedFrom` has to name stays bounded. */
const PAGES_PER_FILE = 1000;

/** The index of a list, page by page, begun with the first one and continued in a new file after 1,000. */
export class ListIndexFile {
  readonly #sink: EvidenceSink;
  readonly #folder: string;
  readonly #draft: Omit<ItemDraft, 'path'>;
  #writer: ItemWriter | undefined;
  #derivedFrom: string[] = [];
  #files = 0;

  constructor(sink: EvidenceSink, folder: string, draft: Omit<ItemDraft, 'path'>) {
    this.#sink = sink;
    this.#folder = folder;
    this.#draft = draft;
  }

  /** `pagePath` is where the page was committed. */
  async add(page: IndexedPage, pagePath: string): Promise<void> {
    if (page.items.length === 0) return;
    if (this.#derivedFrom.length >= PAGES_PER_FILE) await this.commit();
    this.#writer ??= await this.#begin();
    this.#derivedFrom.push(pagePath);
    await this.#writer.write(Buffer.from(renderIndex(page), 'latin1'));
  }

  async commit(): Promise<void> {
    const writer = this.#writer;
    if (writer === undefined) return;
    this.#writer = undefined;
    const derivedFrom = this.#derivedFrom;
    this.#derivedFrom = [];
    await writer.commit(derivedFacts({}, derivedFrom));
  }

  async abort(): Promise<void> {
    const writer = this.#writer;
    this.#writer = undefined;
    await writer?.abort();
  }

  async #begin(): Promise<ItemWriter> {
    this.#files += 1;
    const part = this.#files === 1 ? '' : `.part-${String(this.#files).padStart(4, '0')}`;
    return (await openItem(this.#sink, { ...this.#draft, path: `${this.#folder}/index${part}.jsonl` })).writer;
  }
}
