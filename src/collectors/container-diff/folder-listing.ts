import { ListingError, ListingReader, type ListedEntry } from './listing.js';

/**
 * Of all names and targets that are held, as bytes. Folders in folders have names as long as they are deep: some ten thousand of them,
 * which a loop of a shell makes in a minute, spell out gigabytes.
 */
export const MAX_HELD_BYTES = 128 * 1024 * 1024;

/** What a listing says of a folder, as it goes by; holds what is judged. */
export class FolderListing {
  readonly entries = new Map<string, ListedEntry>();
  /** There is more than is held. */
  isTooMany = false;
  total = 0;
  readonly #reader = new ListingReader();
  readonly #maxEntries: number;
  readonly #maxHeldBytes: number;
  #heldBytes = 0;
  #problem: string | null = null;

  constructor(maxEntries: number, maxHeldBytes = MAX_HELD_BYTES) {
    this.#maxEntries = maxEntries;
    this.#maxHeldBytes = maxHeldBytes;
  }

  feed(bytes: Buffer): void {
    this.#guard(() => {
      for (const record of this.#reader.feed(bytes)) if (record.kind === 'entry') this.#add(record.entry);
    });
  }

  /** Plain words when the listing was not well-formed to its end. */
  end(): string | null {
    this.#guard(() => {
      this.#reader.end();
    });
    return this.#problem;
  }

  #add(entry: ListedEntry): void {
    this.total += 1;
    const sizeBytes = entry.path.length + entry.linkTarget.length;
    if (this.entries.size >= this.#maxEntries || this.#heldBytes + sizeBytes > this.#maxHeldBytes) {
      this.isTooMany = true;
      return;
    }
    this.#heldBytes += sizeBytes;
    this.entries.set(entry.path, entry);
  }

  #guard(work: () => void): void {
    if (this.#problem !== null) return;
    try {
      work();
    } catch (error) {
      if (!(error instanceof ListingError)) throw error;
      this.#problem = error.message;
    }
  }
}
