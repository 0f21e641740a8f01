import { addApkFiles } from './apk-database.js';
import {
  addDpkgFiles,
  addDpkgStatus,
  packageOfMd5sums,
  parseDpkgDiversions,
  type DpkgDiversion,
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
/** Of what is held until the end: rpm's databases, of which one of 2,000 packages has 100 MB, and dpkg's lists of files. */
const MAX_HELD_BYTES = 256 * 1024 * 1024;

/** Takes the files of package managers' databases, one by one, and tells a database of packages what they say. */
export class PackageFiles {
  /** Lines and records that are none, or that are damaged. */
  strange = 0;
  readonly #database: PackageDatabase;
  readonly #lists: { readonly package: string; readonly text: string }[] = [];
  readonly #rpm = new Map<string, Buffer>();
  #diversions: readonly DpkgDiversion[] = [];
  #heldBytes = 0;

  constructor(database: PackageDatabase) {
    this.#database = database;
  }

  /** Bytes of a file that can be taken; `null` = a file of this path is not wanted. */
  maxBytesOf(path: string): number | null {
    if (RPM.test(path)) return MAX_HELD_BYTES - this.#heldBytes;
    const isWanted = path === DIVERSIONS || APK.has(path) || STATUS.test(path) || packageOfMd5sums(path) !== null;
    return isWanted ? Math.min(MAX_TEXT_BYTES, MAX_HELD_BYTES - this.#heldBytes) : null;
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
      this.#heldBytes += bytes.length;
    } else if (path === DIVERSIONS) this.#diversions = parseDpkgDiversions(text);
    else if (APK.has(path)) addApkFiles(this.#database, text);
    else addDpkgStatus(this.#database, text);
  }

  /** Reads what could not be read before everything was there. */
  end(): void {
    for (const list of this.#lists.splice(0)) this.strange += addDpkgFiles(this.#database, list, this.#diversions);
    for (const [path, file] of this.#rpm) if (!path.endsWith('-wal')) this.#addRpm(path, file);
    this.#rpm.clear();
  }

  #addRpm(path: string, file: Buffer): void {
    const damage = new Damage();
    for (const { name, version, digestName, files } of rpmPackages(
      file,
      this.#rpm.get(`${path}-wal`) ?? null,
      damage,
    )) {
      if (digestName === null) damage.note();
      else
        for (const { path: at, digest, isConfiguration } of files)
          this.#database.add(at, { package: name, version, digestName, digest, isConfiguration });
    }
    this.strange += damage.count;
  }
}
