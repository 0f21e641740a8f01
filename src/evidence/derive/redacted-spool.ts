import { asciiJson } from '../../lib/ascii-json.js';
import type { ItemRecord } from '../../model/artifact.js';
import type { RedactionRecord, RedactionSalt } from '../../model/redaction.js';
import type { ItemDraft, ItemFacts, ItemWriter } from '../../ports/evidence-sink.js';
import { REDACTIONS } from '../bag-layout.js';
import type { ExhibitSpool } from '../exhibit-spool.js';
import type { SortedSpill } from '../sorted-spill.js';
import { copyPass, type CopyPassOptions, type CopyVisitor, type LedgerEntry, type ParentItem } from './copy-pass.js';
import { REDACTION_ARTIFACT, REDACTION_COLLECTOR } from './redacted-ledger.js';

/** Items whose flush to the disk is waited for together. */
const MAX_COMMITTING = 64;
/** Masked files that the ledger names as its sources. */
const MAX_NAMED = 1000;

export interface RedactedSpoolOptions extends Omit<CopyPassOptions, 'visitor'> {
  readonly exhibit: ExhibitSpool;
  /** Gets, for each file of the parent, its artifact and whether it was `kept`, `masked` or `removed`. */
  readonly fates: SortedSpill;
  readonly onSalt: (salt: RedactionSalt) => void;
  readonly onProgress: (files: number, bytes: number, path: string) => void;
}

/** Writes the payload of the copy and the ledger of its redactions into an open exhibit. Everything must be planned. */
export async function writeRedactedPayload(options: RedactedSpoolOptions): Promise<void> {
  const ledger = await options.exhibit.sink.open({
    path: REDACTIONS,
    artifact: REDACTION_ARTIFACT,
    collector: REDACTION_COLLECTOR,
    vantage: 'api',
    sensitivity: 'normal',
  });
  const visitor = new SpoolVisitor(options, ledger);
  try {
    await copyPass({ ...options, visitor });
    await visitor.finish();
  } finally {
    await ledger.abort();
  }
}

class SpoolVisitor implements CopyVisitor {
  readonly #options: RedactedSpoolOptions;
  readonly #ledger: ItemWriter;
  readonly #named: string[] = [];
  readonly #committing = new Set<Promise<unknown>>();
  #writer: ItemWriter | null = null;
  #failure: { readonly error: unknown } | null = null;
  #files = 0;
  #bytes = 0;

  constructor(options: RedactedSpoolOptions, ledger: ItemWriter) {
    this.#options = options;
    this.#ledger = ledger;
  }

  async begin({ path, record }: ParentItem): Promise<void> {
    this.#options.onProgress(this.#files, this.#bytes, path);
    this.#writer = await this.#options.exhibit.sink.open(draftOf(path, record));
  }

  bytes(bytes: Buffer): void | Promise<void> {
    this.#bytes += bytes.length;
    return this.#writer?.write(bytes);
  }

  async redaction({ path, kind, redaction }: LedgerEntry): Promise<void> {
    const { offset, lengthBytes, rules, saltedSha256, salt, sha256 } = redaction;
    const record: RedactionRecord = { path, kind, offset, lengthBytes, rules: [...rules], saltedSha256 };
    await this.#ledger.write(Buffer.from(`${asciiJson(record)}\n`, 'latin1'));
    this.#options.onSalt({ path, offset, lengthBytes, saltHex: salt.toString('hex'), sha256 });
  }

  async end({ path, record }: ParentItem, { isMasked }: { readonly isMasked: boolean }): Promise<void> {
    const writer = this.#writer;
    this.#writer = null;
    if (writer === null) return;
    this.#options.fates.add(record.artifact, isMasked ? 'masked' : 'kept');
    if (isMasked && this.#named.length < MAX_NAMED) this.#named.push(path);
    this.#files += 1;
    const committed: Promise<unknown> = writer
      .commit(factsOf(record))
      .catch((error: unknown) => (this.#failure ??= { error }))
      .finally(() => this.#committing.delete(committed));
    this.#committing.add(committed);
    if (this.#committing.size >= MAX_COMMITTING) await this.#settle();
  }

  removed({ record }: ParentItem): void {
    // An index that went with its page is no evidence that is missing: the page is what was collected.
    this.#options.fates.add(record.artifact, record.derivedFrom === undefined ? 'removed' : 'derived-removed');
  }

  /** Every such file was dropped by the survey; the sink aborts what is open when the exhibit is given up. */
  undecidable({ path }: ParentItem, { what }: { readonly what: string }): void {
    throw new Error(`${path} could be read a moment ago: ${what}`);
  }

  async finish(): Promise<void> {
    await this.#settle();
    // In derived data each file names what it was made of; where all that was touched is gone, only the ledger itself is left.
    const derivedFrom = this.#named.length === 0 ? [REDACTIONS] : this.#named;
    await this.#ledger.commit({
      subject: {},
      source: { method: 'redact' },
      outcome: 'collected',
      sourceChanged: null,
      firstByteAt: null,
      lastByteAt: null,
      derivedFrom,
    });
  }

  async #settle(): Promise<void> {
    await Promise.all(this.#committing);
    if (this.#failure !== null) throw this.#failure.error;
  }
}

function draftOf(path: string, { artifact, collector, vantage, sensitivity }: ItemRecord): ItemDraft {
  return { path, artifact, collector, vantage, sensitivity };
}

/** What was true of the collected bytes stays said; digest and size are new where bytes went. */
function factsOf(record: ItemRecord): ItemFacts {
  const { subject, source, outcome, truncated, sourceChanged, firstByteAt, lastByteAt } = record;
  const { nameB64, nameDisplay, derivedFrom } = record;
  return {
    subject,
    source,
    outcome: outcome === 'partial' ? 'partial' : 'collected',
    sourceChanged,
    firstByteAt,
    lastByteAt,
    ...(truncated === undefined ? {} : { truncated }),
    ...(nameB64 === undefined ? {} : { nameB64 }),
    ...(nameDisplay === undefined ? {} : { nameDisplay }),
    ...(derivedFrom === undefined ? {} : { derivedFrom }),
  };
}
