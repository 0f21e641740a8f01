import type { ItemRecord } from '../../model/artifact.js';
import { ExhibitError } from '../../model/errors.js';
import { Commitment, ItemRedactor, type Redaction } from './item-redactor.js';
import { wholePath, type ParentRecords } from './parent-records.js';
import { readParent, type ArchivePiece } from './parent-stream.js';
import type { RuleSet } from './rule-set.js';

/** One payload file of the parent, its parts joined. */
export interface ParentItem {
  /** As it was before it was split. */
  readonly path: string;
  /** Of its first part. */
  readonly record: ItemRecord;
}

export interface LedgerEntry {
  /** Of the parent's payload file in which the range begins. */
  readonly path: string;
  readonly kind: 'masked' | 'removed';
  readonly redaction: Redaction;
}

/** What happens to the files of the parent, in their order; a promise is waited for. */
export interface CopyVisitor {
  begin(item: ParentItem): void | Promise<void>;
  bytes(bytes: Buffer): void | Promise<void>;
  /** In the order of path and offset; between `begin` and `end` of its file. */
  redaction(entry: LedgerEntry): void | Promise<void>;
  end(item: ParentItem, facts: { readonly isMasked: boolean }): void | Promise<void>;
  removed(item: ParentItem): void | Promise<void>;
  /** A rule can say nothing of the file; what was told of it since `begin` does not count. */
  undecidable(item: ParentItem, problem: { readonly rule: string; readonly what: string }): void | Promise<void>;
}

export interface CopyPassOptions {
  readonly archive: { readonly path: string; readonly containerSha256: string };
  readonly records: ParentRecords;
  readonly rules: RuleSet;
  /** Files that go for another reason than a rule on their path, with what the ledger says of it. */
  readonly dropped: ReadonlyMap<string, readonly string[]>;
  readonly newSalt: () => Buffer;
  readonly visitor: CopyVisitor;
  readonly signal: AbortSignal | undefined;
}

/** Reads the parent once, applies the rules to every payload file and tells the visitor. Throws as `readParent` and what the visitor throws. */
export async function copyPass(options: CopyPassOptions): Promise<void> {
  const items = options.records.items();
  let current: ItemPass | null = null;
  for await (const piece of readParent(options.archive.path, options.archive.containerSha256)) {
    if (!piece.path.startsWith('data/')) continue;
    if (piece.isFirst) {
      throwIfAborted(options.signal);
      const record = await nextItem(items, piece.path);
      if ((record.part?.n ?? 1) === 1) {
        await current?.end();
        current = new ItemPass({ path: wholePath(record), record }, options);
        await current.begin();
      }
    }
    await current?.take(piece);
  }
  await current?.end();
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted !== true) return;
  throw signal.reason instanceof ExhibitError
    ? signal.reason
    : new ExhibitError('INTERRUPTED', 'the copy was interrupted');
}

/** A rule knows its pattern and the offset, not the file. */
function aboutFile(error: unknown, path: string): unknown {
  if (!(error instanceof ExhibitError) || error.code !== 'REDACTION_UNDECIDED') return error;
  return new ExhibitError(error.code, error.message, { subject: path, hints: error.hints, cause: error });
}

async function nextItem(items: AsyncGenerator<ItemRecord, void, undefined>, path: string): Promise<ItemRecord> {
  const { value } = await items.next();
  if (value?.path === path) return value;
  throw new ExhibitError('VERIFY_FAILED', 'payload and items of the archive do not fit each other', { subject: path });
}

/** One file on its way through the rules. */
class ItemPass {
  readonly #item: ParentItem;
  readonly #options: CopyPassOptions;
  /** Why the whole file goes; empty when it does not. */
  readonly #removedBy: readonly string[];
  readonly #redactor: ItemRedactor | null;
  /** What the redactor said during the last call, in its order. */
  #said: (Buffer | Redaction)[] = [];
  readonly #parts: { readonly path: string; readonly start: number }[] = [];
  #offset = 0;
  #isMasked = false;
  #isUndecidable = false;
  #commitment: Commitment | null = null;

  constructor(item: ParentItem, options: CopyPassOptions) {
    this.#item = item;
    this.#options = options;
    this.#removedBy = options.dropped.get(item.path) ?? options.rules.removing(item.path);
    const finders = this.#removedBy.length > 0 ? [] : options.rules.finders(item.path);
    this.#redactor =
      finders.length === 0
        ? null
        : new ItemRedactor({
            finders,
            newSalt: options.newSalt,
            onBytes: (bytes) => this.#said.push(bytes),
            onRedaction: (redaction) => this.#said.push(redaction),
          });
  }

  async begin(): Promise<void> {
    if (this.#removedBy.length === 0) await this.#options.visitor.begin(this.#item);
  }

  async take(piece: ArchivePiece): Promise<void> {
    if (piece.isFirst) this.#parts.push({ path: piece.path, start: this.#offset });
    this.#offset += piece.bytes.length;
    if (this.#removedBy.length > 0) await this.#remove(piece);
    else if (this.#redactor === null) await this.#options.visitor.bytes(piece.bytes);
    else if (!this.#isUndecidable) await this.#redact((redactor) => redactor.push(piece.bytes));
  }

  async end(): Promise<void> {
    const { visitor } = this.#options;
    if (this.#removedBy.length > 0) {
      await visitor.removed(this.#item);
      return;
    }
    if (!this.#isUndecidable) await this.#redact((redactor) => redactor.end());
    if (!this.#isUndecidable) await visitor.end(this.#item, { isMasked: this.#isMasked });
  }

  /** Each part by itself: a part is what a reader of the parent finds. */
  async #remove({ path, bytes, isFirst, isLast }: ArchivePiece): Promise<void> {
    if (isFirst) this.#commitment = new Commitment(this.#options.newSalt());
    this.#commitment?.update(bytes);
    if (!isLast || this.#commitment === null) return;
    const redaction = this.#commitment.close(0, this.#removedBy);
    await this.#options.visitor.redaction({ path, kind: 'removed', redaction });
  }

  async #redact(step: (redactor: ItemRedactor) => void): Promise<void> {
    if (this.#redactor === null) return;
    try {
      step(this.#redactor);
    } catch (error) {
      throw aboutFile(error, this.#item.path);
    }
    const { problem } = this.#redactor;
    if (problem !== null) {
      this.#isUndecidable = true;
      await this.#options.visitor.undecidable(this.#item, problem);
      return;
    }
    const said = this.#said;
    this.#said = [];
    for (const one of said) {
      if (Buffer.isBuffer(one)) await this.#options.visitor.bytes(one);
      else await this.#masked(one);
    }
  }

  async #masked(redaction: Redaction): Promise<void> {
    this.#isMasked = true;
    const part = this.#parts.findLast(({ start }) => start <= redaction.offset);
    if (part === undefined) return;
    await this.#options.visitor.redaction({
      path: part.path,
      kind: 'masked',
      redaction: { ...redaction, offset: redaction.offset - part.start },
    });
  }
}
