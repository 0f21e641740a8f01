import { escapeForTerminal } from '../lib/terminal-escape.js';
import type { Subject } from '../model/artifact.js';
import type { CollectContext, CollectResult } from '../ports/collector.js';
import type { ReadAnswer, ReadRequest } from '../ports/cluster-reader.js';
import type { ItemDraft, ItemFacts, ItemWriter } from '../ports/evidence-sink.js';
import { interrupted } from './interrupted.js';
import { openItem } from './open-item.js';
import { MAX_REFUSAL_BYTES, refusalResult } from './refusal.js';

/** Bytes at the end of a body that a judge is shown. */
const TAIL_BYTES = 4096;

export interface BodyCapture {
  readonly request: ReadRequest;
  readonly draft: ItemDraft;
  /** Statuses whose body is evidence; default 200 only. */
  readonly accept?: readonly number[];
  /** Bytes from the beginning that the judge is shown. */
  readonly keepBytes: number;
  readonly subject?: Subject;
  readonly name?: Pick<ItemFacts, 'nameB64' | 'nameDisplay'>;
  /** Decides what a body that ended by its framing is worth. Not asked for one that was cut. */
  judge(body: CapturedBody): CollectResult | Promise<CollectResult>;
  /** Shown every chunk of an evidential body; must not keep it. */
  watch?(bytes: Buffer): void;
  /** Told of every answer, whatever its status. */
  seen?(answer: ReadAnswer): Promise<void>;
}

export interface CapturedBody {
  readonly answer: ReadAnswer;
  /** The first `keepBytes` bytes. */
  readonly head: Buffer;
  /** Whether `head` is all there is. */
  readonly headIsAll: boolean;
  /** The last bytes, at most 4,096. */
  readonly tail: Buffer;
  /** Where the bytes are; `null` when there were none. */
  readonly path: string | null;
}

/** Spools an evidential body as it arrives, and keeps its ends, or the beginning of a refusal, in memory. */
class Spool {
  writer: ItemWriter | undefined;
  #path: string | null = null;
  readonly #capture: BodyCapture;
  readonly #context: CollectContext;
  readonly #head: Buffer[] = [];
  #headBytes = 0;
  #tail: Buffer = Buffer.alloc(0);
  #isEvidence = false;

  constructor(capture: BodyCapture, context: CollectContext) {
    this.#capture = capture;
    this.#context = context;
  }

  head(status: number): boolean {
    this.#isEvidence = (this.#capture.accept ?? [200]).includes(status);
    return true;
  }

  async chunk(bytes: Buffer): Promise<void> {
    const room = (this.#isEvidence ? this.#capture.keepBytes : MAX_REFUSAL_BYTES) - this.#headBytes;
    if (room > 0) {
      const piece = Buffer.from(bytes.subarray(0, room));
      this.#head.push(piece);
      this.#headBytes += piece.length;
    }
    if (!this.#isEvidence) return;
    this.#capture.watch?.(bytes);
    const tail = bytes.length >= TAIL_BYTES ? bytes : Buffer.concat([this.#tail, bytes]);
    this.#tail = Buffer.from(tail.subarray(Math.max(0, tail.length - TAIL_BYTES)));
    await (await this.#open()).write(bytes);
  }

  captured(answer: ReadAnswer): CapturedBody {
    const head = Buffer.concat(this.#head);
    return { answer, head, headIsAll: head.length === answer.sizeBytes, tail: this.#tail, path: this.#path };
  }

  async #open(): Promise<ItemWriter> {
    if (this.writer !== undefined) return this.writer;
    const opened = await openItem(this.#context.sink, this.#capture.draft);
    this.#path = opened.path;
    this.writer = opened.writer;
    return opened.writer;
  }

  get isEvidence(): boolean {
    return this.#isEvidence;
  }

  /** Ends the payload file, an empty one where the outcome needs an item and no byte came. */
  async commit(facts: ItemFacts, needsItem: boolean): Promise<void> {
    if (needsItem) await this.#open();
    const ending = this.writer;
    this.writer = undefined;
    await ending?.commit(facts);
  }
}

function unfinished(answer: ReadAnswer): CollectResult {
  const detail = escapeForTerminal(answer.endDetail ?? '', 300);
  const proof = { status: answer.status, bytes: answer.sizeBytes, end: answer.end };
  const outcome = answer.sizeBytes > 0 ? 'partial' : 'failed';
  return { outcome, reason: answer.end, detail, proof, attempts: answer.attempts };
}

function factsOf(body: CapturedBody, capture: BodyCapture, outcome: ItemFacts['outcome']): ItemFacts {
  const { answer } = body;
  const limit = capture.request.maxBytes;
  return {
    subject: capture.subject ?? {},
    source: { uri: answer.url, method: answer.method, auditId: answer.auditIdSent, status: answer.status },
    outcome,
    ...(answer.end === 'limit' && limit !== undefined ? { truncated: { limit, reason: 'limit' } } : {}),
    sourceChanged: null,
    firstByteAt: answer.firstByteAt,
    lastByteAt: answer.lastByteAt,
    ...capture.name,
  };
}

/** What says that there is nothing, and an error that came with a status which can be evidence: the request log is enough. */
function isNoEvidence(answer: ReadAnswer, { outcome }: CollectResult): boolean {
  return outcome === 'absent' || outcome === 'denied' || (answer.status !== 200 && outcome === 'failed');
}

async function conclude(spool: Spool, answer: ReadAnswer, capture: BodyCapture): Promise<CollectResult> {
  const body = spool.captured(answer);
  if (answer.end === 'aborted') throw interrupted();
  if (!spool.isEvidence) return refusalResult({ status: answer.status, attempts: answer.attempts, body: body.head });
  const result = answer.end === 'complete' ? await capture.judge(body) : unfinished(answer);
  if (isNoEvidence(answer, result)) return result;
  const needsItem = result.outcome === 'collected' || result.outcome === 'partial';
  await spool.commit(factsOf(body, capture, result.outcome === 'collected' ? 'collected' : 'partial'), needsItem);
  return result;
}

/**
 * Reads one body into one payload file. Non-evidential statuses become an outcome without an item; a body that ended other than by
 * its framing is kept as `partial`. Leaves no writer open, whatever happens. Throws `INTERRUPTED` and what reader and sink throw.
 */
export async function captureBody(capture: BodyCapture, context: CollectContext): Promise<CollectResult> {
  const spool = new Spool(capture, context);
  try {
    const answer = await context.cluster.stream(
      { ...capture.request, signal: capture.request.signal ?? context.signal },
      { head: (status) => spool.head(status), chunk: async (bytes) => await spool.chunk(bytes) },
    );
    await capture.seen?.(answer);
    return await conclude(spool, answer, capture);
  } finally {
    await spool.writer?.abort();
  }
}
