import type { PaxEntry } from '../../lib/pax-tar/pax-entry.js';
import { PaxTarReader } from '../../lib/pax-tar/pax-tar-reader.js';
import { TarFormatError } from '../../lib/pax-tar/tar-format-error.js';
import type { PackageDatabase } from './package-database.js';
import { PackageFiles } from './package-files.js';

/** Why what a database says is not the whole. */
export type DatabaseLimit = 'database-broken' | 'database-damaged' | 'database-too-large';

/** Reads the archive of a package database as it goes by. */
export class DatabaseTar {
  readonly limits = new Set<DatabaseLimit>();
  readonly #reader = new PaxTarReader();
  readonly #files: PackageFiles;
  readonly #pathOf: (name: string) => string;
  #held: { readonly path: string; readonly bytes: Buffer } | null = null;

  /** `pathOf` makes of a member's name (Latin-1) the absolute path on its system. */
  constructor(database: PackageDatabase, pathOf = (name: string): string => `/${name}`) {
    this.#files = new PackageFiles(database);
    this.#pathOf = pathOf;
  }

  write(bytes: Buffer): void {
    if (this.limits.has('database-broken')) return;
    try {
      for (const event of this.#reader.feed(bytes)) {
        if (event.kind === 'entry') this.#begin(event.entry);
        else if (event.kind === 'end') this.#end();
        else if (this.#held !== null) event.bytes.copy(this.#held.bytes, event.offset);
      }
      if (this.#reader.skippedMembers > 0) this.limits.add('database-broken');
    } catch (error) {
      if (!(error instanceof TarFormatError)) throw error;
      this.limits.add('database-broken');
    }
  }

  /** What was read is told to the database; call it once, after the last byte. */
  end(): void {
    this.#files.end();
    if (this.#files.strange > 0) this.limits.add('database-damaged');
  }

  /** Holes of a file are zeros; a text with some is none, and need not follow in the archive to be as large as it says. */
  #begin({ type, name, sizeBytes, storedBytes }: PaxEntry): void {
    this.#held = null;
    const path = this.#pathOf(name.toString('latin1'));
    const bounds = type === 'file' ? this.#files.boundsOf(path) : null;
    if (bounds === null) return;
    if (sizeBytes > bounds.maxBytes) this.limits.add('database-too-large');
    else if (storedBytes < sizeBytes && !bounds.mayHaveHoles) this.limits.add('database-damaged');
    // The system gives memory that is zero when something is written there, not before.
    else this.#held = { path, bytes: Buffer.alloc(sizeBytes) };
  }

  #end(): void {
    if (this.#held !== null) this.#files.take(this.#held.path, this.#held.bytes);
    this.#held = null;
  }
}
