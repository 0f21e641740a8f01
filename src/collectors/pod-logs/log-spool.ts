import { createHash } from 'node:crypto';
import type { CollectContext } from '../../ports/collector.js';
import type { BodyDigest, ReadAnswer } from '../../ports/cluster-reader.js';
import type { ItemFacts, ItemWriter } from '../../ports/evidence-sink.js';
import { openItem } from '../open-item.js';
import { MAX_REFUSAL_BYTES } from '../refusal.js';
import { isKubeletMessage } from './kubelet-message.js';
import { LineWatch, type SeenLine } from './line-watch.js';
import type { PlannedLog } from './planned-log.js';

/** Held until it is clear whether the container speaks or the kubelet. Bytes. */
const MAX_HELD_BYTES = 65_536;

/** Where the bytes of one read go, and what is seen of them on the way. */
export class LogSpool {
  readonly watch = new LineWatch();
  /** The last line, after `end`. */
  last: SeenLine | null = null;
  /** The bytes are a sentence of the kubelet and no log. Known after `end`. */
  isMessage = false;
  /** Beginning of a body with another status than 200, or of the log while none of its lines had a time. */
  beginning: Buffer = Buffer.alloc(0);
  readonly #log: PlannedLog;
  readonly #place: { readonly artifact: string; readonly suffix: string };
  readonly #context: CollectContext;
  #isLog = false;
  #held: Buffer[] = [];
  #heldBytes = 0;
  /** Of the bytes that no writer was given. */
  readonly #hash = createHash('sha256');
  #sizeBytes = 0;
  #writer: ItemWriter | undefined;

  /** `suffix` goes between the name of the file and `.log`: empty, or `.again`. */
  constructor(log: PlannedLog, place: { artifact: string; suffix: string }, context: CollectContext) {
    this.#log = log;
    this.#place = place;
    this.#context = context;
  }

  head(status: number): boolean {
    this.#isLog = status === 200;
    return true;
  }

  /** Owns the bytes. No promise where nothing is to be waited for: a stream that is paused for each chunk takes half as long again. */
  chunk(bytes: Buffer): void | Promise<void> {
    this.#sizeBytes += bytes.length;
    if (this.#isLog && this.#writer !== undefined) {
      this.watch.feed(bytes);
      return this.#writer.write(bytes);
    }
    this.#hash.update(bytes);
    if (this.beginning.length < MAX_REFUSAL_BYTES) {
      this.beginning = Buffer.concat([this.beginning, bytes.subarray(0, MAX_REFUSAL_BYTES - this.beginning.length)]);
    }
    if (!this.#isLog) return undefined;
    this.watch.feed(bytes);
    this.#held.push(bytes);
    this.#heldBytes += bytes.length;
    if (this.watch.sawTime || this.#heldBytes > MAX_HELD_BYTES) return this.#open('.log');
    return undefined;
  }

  /** Of all chunks; from the writer as soon as there is one, since it was given what had been held before. */
  digest(): BodyDigest {
    if (this.#writer !== undefined) return { sha256: this.#writer.digest(), sizeBytes: this.#writer.sizeBytes };
    return { sha256: this.#hash.copy().digest('hex'), sizeBytes: this.#sizeBytes };
  }

  /** After the last chunk. */
  end(answer: ReadAnswer): void {
    this.last = this.watch.finish();
    const timed = this.watch.lines > this.watch.untimedLines;
    this.isMessage =
      answer.end === 'complete' && !timed && isKubeletMessage({ sizeBytes: this.watch.bytes, lines: this.watch.lines });
  }

  /** Ends the payload file; one without bytes only where `needsItem`. */
  async commit(facts: ItemFacts, needsItem: boolean): Promise<void> {
    if (this.#writer === undefined && (needsItem || this.#heldBytes > 0)) {
      await this.#open(this.isMessage ? '.kubelet-message.txt' : '.log');
    }
    const writer = this.#writer;
    this.#writer = undefined;
    await writer?.commit(facts);
  }

  async abort(): Promise<void> {
    const writer = this.#writer;
    this.#writer = undefined;
    await writer?.abort();
  }

  async #open(ending: string): Promise<void> {
    const { folder, file } = this.#log;
    const { writer } = await openItem(this.#context.sink, {
      path: `${folder}/${file}${this.#place.suffix}${ending}`,
      artifact: this.#place.artifact,
      collector: 'pod-logs',
      vantage: 'api',
      sensitivity: 'personal',
    });
    this.#writer = writer;
    const held = this.#held;
    this.#held = [];
    for (const bytes of held) await writer.write(bytes);
  }
}
