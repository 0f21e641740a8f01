import { PaxTarReader } from '../../lib/pax-tar/pax-tar-reader.js';
import { TarFormatError } from '../../lib/pax-tar/tar-format-error.js';
import { addApkFiles } from './apk-database.js';
import { addDpkgFiles, packageOfMd5sums, parseDpkgDiversions, type DpkgDiversion } from './dpkg-database.js';
import type { PackageDatabase } from './package-database.js';

/** Of one file of a database; apk's is the largest with some 20 MB. */
const MAX_FILE_BYTES = 64 * 1024 * 1024;
const APK = new Set(['/lib/apk/db/installed', '/usr/lib/apk/db/installed']);
const DIVERSIONS = '/var/lib/dpkg/diversions';
const RPM = /^\/(?:var\/lib\/rpm|usr\/lib\/sysimage\/rpm|usr\/share\/rpm)\/(?:rpmdb\.sqlite|Packages|Packages\.db)$/;

/** Reads the archive of a package database as it goes by. */
export class DatabaseTar {
  /** The database is rpm's, whose file lists are not read: nothing of such a node can be compared. */
  isUnsupported = false;
  isBroken = false;
  strangeLines = 0;
  readonly #reader = new PaxTarReader();
  readonly #database: PackageDatabase;
  #diversions: readonly DpkgDiversion[] = [];
  #pieces: Buffer[] | null = null;
  #heldBytes = 0;

  constructor(database: PackageDatabase) {
    this.#database = database;
  }

  write(bytes: Buffer): void {
    if (this.isBroken) return;
    try {
      for (const event of this.#reader.feed(bytes)) {
        const path = `/${event.entry.name.toString('latin1')}`;
        if (event.kind === 'entry') this.#begin(path);
        else if (event.kind === 'data') this.#hold(event.bytes);
        else this.#end(path);
      }
      if (this.#reader.skippedMembers > 0) this.isBroken = true;
    } catch (error) {
      if (!(error instanceof TarFormatError)) throw error;
      this.isBroken = true;
    }
  }

  #begin(path: string): void {
    if (RPM.test(path)) this.isUnsupported = true;
    const isWanted = path === DIVERSIONS || APK.has(path) || packageOfMd5sums(path) !== null;
    this.#pieces = isWanted ? [] : null;
    this.#heldBytes = 0;
  }

  #hold(bytes: Buffer): void {
    if (this.#pieces === null) return;
    this.#heldBytes += bytes.length;
    if (this.#heldBytes <= MAX_FILE_BYTES) this.#pieces.push(Buffer.from(bytes));
    else this.isBroken = true;
  }

  #end(path: string): void {
    if (this.#pieces === null) return;
    const text = Buffer.concat(this.#pieces).toString('latin1');
    this.#pieces = null;
    const name = packageOfMd5sums(path);
    // Members come in the order of their paths, so that the diversions are there before the lists of files.
    if (path === DIVERSIONS) this.#diversions = parseDpkgDiversions(text);
    else if (APK.has(path)) addApkFiles(this.#database, text);
    else if (name !== null)
      this.strangeLines += addDpkgFiles(this.#database, { package: name, text }, this.#diversions);
  }
}
