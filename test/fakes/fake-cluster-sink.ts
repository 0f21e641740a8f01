import { createHash } from 'node:crypto';
import { isSafePath } from '../../src/lib/safe-path.js';
import { ExhibitError } from '../../src/model/errors.js';
import type {
  CommittedItem,
  EvidenceSink,
  ItemDraft,
  ItemFacts,
  ItemWriter,
  ReadBack,
} from '../../src/ports/evidence-sink.js';

export interface FakeItem {
  readonly draft: ItemDraft;
  readonly facts: ItemFacts;
  readonly bytes: Buffer;
}

/** Longest name of a bag, `<24>-x0001`. */
const BAG = `${'c'.repeat(24)}-x0001`;

function fitsUstar(path: string): boolean {
  const whole = `${BAG}/${path}.p0001`;
  const from = Math.max(0, whole.length - 101);
  const slash = whole.indexOf('/', from);
  return whole.length <= 100 || (slash > 0 && slash <= 155);
}

/** A sink in memory with the rules of the real one: exclusive safe paths, exactly one of commit and abort. */
export class FakeSink implements EvidenceSink {
  readonly items: FakeItem[] = [];
  readonly aborted: string[] = [];
  readonly open_ = new Set<string>();
  readonly #taken = new Set<string>();
  /** Bytes after which every write fails as a full disk does. */
  fullAfterBytes = Number.POSITIVE_INFINITY;
  writtenBytes = 0;
  /** Bytes of payload that items hold on to; the rest is counted only. */
  keepBytes = Number.POSITIVE_INFINITY;

  async open(draft: ItemDraft): Promise<ItemWriter> {
    if (!draft.path.startsWith('data/') || !isSafePath(draft.path) || !fitsUstar(draft.path)) {
      throw new ExhibitError('INTERNAL', 'an item path is outside the grammar', { subject: draft.path });
    }
    if (this.#taken.has(draft.path)) {
      throw new ExhibitError('INTERNAL', 'an item path is taken', { subject: draft.path });
    }
    this.#taken.add(draft.path);
    this.open_.add(draft.path);
    return this.#writer(draft);
  }

  readBack(path: string): ReadBack {
    const { bytes } = this.at(path);
    const read = (offset: number, length: number): Buffer => Buffer.from(bytes.subarray(offset, offset + length));
    return { sizeBytes: bytes.length, read, close: () => undefined };
  }

  take(path: string): void {
    this.#taken.add(path);
  }

  at(path: string): FakeItem {
    const found = this.items.find((item) => item.draft.path === path);
    if (found === undefined) throw new Error(`no item ${path}; there are ${this.paths().join(', ')}`);
    return found;
  }

  hasPayload(artifact: string): boolean {
    return this.items.some(({ draft }) => draft.artifact === artifact);
  }

  paths(): string[] {
    return this.items.map((item) => item.draft.path);
  }

  #writer(draft: ItemDraft): ItemWriter {
    const chunks: Buffer[] = [];
    const hash = createHash('sha256');
    let sizeBytes = 0;
    let ended = false;
    const end = (): void => {
      if (ended) throw new ExhibitError('INTERNAL', 'an item was ended twice', { subject: draft.path });
      ended = true;
      this.open_.delete(draft.path);
    };
    return {
      get sizeBytes() {
        return sizeBytes;
      },
      write: async (chunk) => {
        if (ended) throw new ExhibitError('INTERNAL', 'an item was written after its end');
        this.writtenBytes += chunk.length;
        if (this.writtenBytes > this.fullAfterBytes) throw new ExhibitError('STORAGE_FULL', 'the disk is full');
        if (sizeBytes < this.keepBytes) chunks.push(Buffer.from(chunk));
        hash.update(chunk);
        sizeBytes += chunk.length;
      },
      digest: () => hash.copy().digest('hex'),
      commit: async (facts): Promise<CommittedItem> => {
        end();
        const bytes = Buffer.concat(chunks);
        this.items.push({ draft, facts, bytes });
        return { path: draft.path, sha256: createHash('sha256').update(bytes).digest('hex'), sizeBytes };
      },
      abort: async () => {
        end();
        this.#taken.delete(draft.path);
        this.aborted.push(draft.path);
      },
    };
  }
}
