import { addApkFiles } from './apk-database.js';
import {
  addDpkgFiles,
  addDpkgStatus,
  packageOfMd5sums,
  parseDpkgDiversions,
  type DpkgDiversions,
} from './dpkg-database.js';
import type { PackageDatabase } from './package-database.js';
import { Damage } from './rpm/damage.js';
import { rpmPackages } from './rpm/rpm-packages.js';

const APK = new Set(['/lib/apk/db/installed', '/usr/lib/apk/db/installed']);
const DIVERSIONS = '/var/lib/dpkg/diversions';
const STATUS = /^\/var\/lib\/dpkg\/(?:status|status\.d\/[a-z0-9][a-z0-9.+-]*)$/;
const RPM =
  /^\/(?:var\/lib\/rpm|usr\/lib\/sysimage\/rpm|usr\/share\/rpm)\/(?:rpmdb\.sqlite(?:-wal)?|Packages|Packages\.db)$/;
/** Of a file of text; apk's is the largest with some 20 MB. */
const MAX_TEXT_BYTES = 64 * 1024 * 1024;
/**
 * Of what is held until the end: rpm's databases, of which one of 2,000 packages has 100 MB, and dpkg's lists of files. Beside it stand,
 * at the most, one file of text as its bytes and as a string, the diversions, and the paths of one package of rpm.
 */
const MAX_HELD_BYTES = 256 * 1024 * 1024;
/** What a list takes beside its text, about. */
const LIST_BYTES = 200;

/** Takes the files of package managers' databases, one by one, and tells a database of packages what they say. */
export class PackageFiles {
  /** Lines and records that are none, or that are damaged. */
  strange = 0;
  readonly #database: PackageDatabase;
  readonly #lists: { readonly package: string; readonly text: string }[] = [];
  readonly #rpm = new Map<string, Buffer>();
  #diversions: DpkgDiversions = { byPath: new Map(), isCut: false };
  #heldBytes = 0;

  constructor(database: PackageDatabase) {
    this.#database = database;
  }

  /** Bytes of a file that can be taken, holes included, which a text has none of; `null` = a file of this path is not wanted. */
  boundsOf(path: string): { readonly maxBytes: number; readonly mayHaveHoles: boolean } | null {
    const leftBytes = MAX_HELD_BYTES - this.#heldBytes;
    if (RPM.test(path)) return { maxBytes: leftBytes, mayHaveHoles: true };
    const isWanted = path === DIVERSIONS || APK.has(path) || STATUS.test(path) || packageOfMd5sums(path) !== null;
    return isWanted ? { maxBytes: Math.min(MAX_TEXT_BYTES, leftBytes), mayHaveHoles: false } : null;
  }

  /** Keeps the bytes. */
  take(path: string, bytes: Buffer): void {
    if (RPM.test(path)) {
      this.#rpm.set(path, bytes);
      this.#heldBytes += bytes.length;
      return;
    }
    const text = bytes.toString('latin1');
    const name = packageOfMd5sums(path);
    // What lists of files say is judged when all diversions are known.
    if (name !== null) {
      this.#lists.push({ package: name, text });
      this.#heldBytes += bytes.length + LIST_BYTES;
    } else if (path === DIVERSIONS) this.#takeDiversions(text);
    else if (APK.has(path)) addApkFiles(this.#database, text);
    else addDpkgStatus(this.#database, text);
  }

  /** Reads what could not be read before everything was there. */
  end(): void {
    for (const list of this.#lists.splice(0)) this.strange += addDpkgFiles(this.#database, list, this.#diversions);
    for (const [path, file] of this.#rpm) if (!path.endsWith('-wal')) this.#addRpm(path, file);
    this.#rpm.clear();
  }

  #takeDiversions(text: string): void {
    this.#diversions = parseDpkgDiversions(text);
    if (this.#diversions.isCut) this.strange += 1;
  }

  #addRpm(path: string, file: Buffer): void {
    const damage = new Damage();
    for (const { name, version, digestName, files } of rpmPackages(
      file,
      this.#rpm.get(`${path}-wal`) ?? null,
      damage,
    )) {
      this.#database.addVersion(name, version);
      if (digestName === null) damage.note();
      else
        for (const { path: at, digest, isConfiguration } of files)
          this.#database.add(at, { package: name, version, digestName, digest, isConfiguration });
    }
    this.strange += damage.count;
  }
}
