import { createHash } from 'node:crypto';
import type { Hash } from 'node:crypto';
import { linkSync } from 'node:fs';
import { join } from 'node:path';
import { storageError } from '../custody/storage-error.js';
import { asciiJson } from '../lib/ascii-json.js';
import { safeSegment } from '../lib/safe-path.js';
import { ExhibitError } from '../model/errors.js';
import type { CommittedItem, ItemDraft, ItemFacts, ItemWriter } from '../ports/evidence-sink.js';
import type { ItemEntry, PendingItem } from './item-committer.js';
import type { PayloadFile } from './payload-file.js';
import { removeFile } from './private-files.js';

/** What a writer needs from its sink. */
export interface ItemHome {
  /** Folder of the exhibit; item paths are relative to it. */
  readonly directory: string;
  /** Bytes of a part; 2^32 outside tests. */
  readonly partBytes: number;
  /** Creates the file at an item path, folders included. */
  create(path: string): PayloadFile;
  commit(item: PendingItem): Promise<void>;
  ended(writer: ItemWriter): void;
}

/** The path of part `n` of a payload file; a name that leaves no room for the suffix is shortened as every long name is. */
export function partPath(path: string, n: number): string {
  const slash = path.lastIndexOf('/');
  return path.slice(0, slash + 1) + safeSegment(path.slice(slash + 1), `.p${String(n).padStart(4, '0')}`);
}

/** One payload file, or several parts of one. Bytes are hashed as they arrive, from the memory they arrived in. */
export class SpoolItemWriter implements ItemWriter {
  readonly #draft: ItemDraft;
  readonly #home: ItemHome;
  readonly #wholeHash: Hash = createHash('sha256');
  /** Of the current part; while the first part is being written, the whole is the part. */
  #partHash: Hash | null = null;
  #file: PayloadFile;
  #partSizeBytes = 0;
  #sizeBytes = 0;
  #parts: ItemEntry[] = [];
  #ended = false;

  constructor(draft: ItemDraft, home: ItemHome) {
    this.#draft = draft;
    this.#home = home;
    this.#file = home.create(draft.path);
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  write(chunk: Uint8Array): void | Promise<void> {
    this.#assertOpen();
    if (this.#partSizeBytes + chunk.length > this.#home.partBytes) return this.#writeAcross(chunk);
    return this.#writeWithin(chunk);
  }

  digest(): string {
    return this.#wholeHash.copy().digest('hex');
  }

  async commit(facts: ItemFacts): Promise<CommittedItem> {
    this.#assertOpen();
    this.#ended = true;
    try {
      await this.#file.finish();
      const whole = { path: this.#draft.path, sha256: this.digest(), sizeBytes: this.#sizeBytes };
      const entries = this.#parts.length === 0 ? [whole] : [...this.#parts, this.#lastPart()];
      const lines = entries.map((entry, index) => itemLine(this.#draft, facts, { entry, index, entries, whole }));
      await this.#home.commit({ artifact: this.#draft.artifact, lines: lines.join(''), entries });
      return whole;
    } finally {
      this.#home.ended(this);
    }
  }

  async abort(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    this.#home.ended(this);
    await this.#file.discard();
    for (const part of this.#parts) await removeFile(join(this.#home.directory, part.path));
  }

  #assertOpen(): void {
    if (this.#ended)
      throw new ExhibitError('INTERNAL', 'an item was used after its end', { subject: this.#draft.path });
  }

  #writeWithin(chunk: Uint8Array): void | Promise<void> {
    this.#sizeBytes += chunk.length;
    this.#partSizeBytes += chunk.length;
    this.#wholeHash.update(chunk);
    this.#partHash?.update(chunk);
    return this.#file.write(chunk);
  }

  async #writeAcross(chunk: Uint8Array): Promise<void> {
    let rest = chunk;
    while (rest.length > 0) {
      if (this.#partSizeBytes === this.#home.partBytes) await this.#nextPart();
      const fitting = rest.subarray(0, this.#home.partBytes - this.#partSizeBytes);
      await this.#writeWithin(fitting);
      rest = rest.subarray(fitting.length);
    }
  }

  #lastPart(): ItemEntry {
    const sha256 = (this.#partHash ?? this.#wholeHash).copy().digest('hex');
    return { path: partPath(this.#draft.path, this.#parts.length + 1), sha256, sizeBytes: this.#partSizeBytes };
  }

  async #nextPart(): Promise<void> {
    const part = this.#lastPart();
    await this.#file.finish();
    if (this.#parts.length === 0) await this.#renameFirst(part.path);
    this.#parts.push(part);
    this.#partHash = createHash('sha256');
    this.#partSizeBytes = 0;
    this.#file = this.#home.create(partPath(this.#draft.path, this.#parts.length + 1));
  }

  /** By link and unlink: a rename would overwrite in silence. */
  async #renameFirst(path: string): Promise<void> {
    const target = join(this.#home.directory, path);
    try {
      linkSync(this.#file.path, target);
    } catch (error) {
      throw storageError(error, target);
    }
    await removeFile(this.#file.path);
  }
}

interface PartOf {
  readonly entry: ItemEntry;
  readonly index: number;
  readonly entries: readonly ItemEntry[];
  readonly whole: ItemEntry;
}

/** The fields in the order of the schema. `rereadSha256` is `null` until the seal has read the file again. */
function itemLine(draft: ItemDraft, facts: ItemFacts, { entry, index, entries, whole }: PartOf): string {
  const part = { n: index + 1, of: entries.length, wholeSha256: whole.sha256, wholeSizeBytes: whole.sizeBytes };
  const record = {
    path: entry.path,
    artifact: draft.artifact,
    subject: facts.subject,
    vantage: draft.vantage,
    sha256: entry.sha256,
    sizeBytes: entry.sizeBytes,
    part: entries.length > 1 ? part : undefined,
    collector: draft.collector,
    source: facts.source,
    nameB64: facts.nameB64,
    nameDisplay: facts.nameDisplay,
    firstByteAt: facts.firstByteAt,
    lastByteAt: facts.lastByteAt,
    outcome: facts.outcome,
    truncated: facts.truncated,
    rereadSha256: null,
    sourceChanged: facts.sourceChanged,
    derivedFrom: facts.derivedFrom,
    sensitivity: draft.sensitivity,
  };
  return `${asciiJson(record)}\n`;
}
