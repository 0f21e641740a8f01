import { derivedFacts } from './derived-facts.js';
import { asciiJson } from '../lib/ascii-json.js';
import type { Subject } from '../model/artifact.js';
import type { EvidenceSink, ItemDraft, ItemWriter } from '../ports/evidence-sink.js';
import { openItem } from './open-item.js';

/** Bytes that are gathered before they are written: a line is far smaller than a write should be. */
const BATCH_BYTES = 65_536;

/** A payload file of ours below `data/derived/`: JSON lines, with the names of the raw items that they come from. Begun with the first line. */
export class DerivedLines {
  lines = 0;
  readonly #sink: EvidenceSink;
  readonly #draft: ItemDraft;
  #writer: ItemWriter | undefined;
  #batch = '';

  constructor(sink: EvidenceSink, draft: ItemDraft) {
    this.#sink = sink;
    this.#draft = draft;
  }

  async add(line: object): Promise<void> {
    this.#batch += `${asciiJson(line)}\n`;
    this.lines += 1;
    if (this.#batch.length >= BATCH_BYTES) await this.#flush();
  }

  /** Writes nothing where there was no line. `derivedFrom` are paths of items. */
  async commit(subject: Subject, derivedFrom: readonly string[]): Promise<void> {
    if (this.lines === 0) return;
    const writer = await this.#flush();
    this.#writer = undefined;
    await writer.commit(derivedFacts(subject, derivedFrom));
  }

  /** After `commit` it does nothing. */
  async abort(): Promise<void> {
    const writer = this.#writer;
    this.#writer = undefined;
    await writer?.abort();
  }

  async #flush(): Promise<ItemWriter> {
    this.#writer ??= (await openItem(this.#sink, this.#draft)).writer;
    const batch = this.#batch;
    this.#batch = '';
    await this.#writer.write(Buffer.from(batch, 'latin1'));
    return this.#writer;
  }
}
