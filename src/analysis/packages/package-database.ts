export type PackageDigestName = 'md5' | 'sha1' | 'sha256';

/** A file as the database of the package manager has it. */
export interface PackagedFile {
  readonly package: string;
  /** Where the list of files says it; else `versionOf` knows it, or nobody. */
  readonly version?: string;
  readonly digestName: PackageDigestName;
  /** Lower-case hex. */
  readonly digest: string;
  /** Meant to be changed by who runs the system. */
  readonly isConfiguration?: boolean;
}

/** Files that are remembered; a large system has some 500,000. */
const MAX_FILES = 1_000_000;
const MAX_PACKAGES = 200_000;
/** The kernel has none that is longer. */
const MAX_PATH_BYTES = 4096;
/**
 * Of all paths, asked for or not: six times what a large system has. apk and rpm name a folder once for all of its files, so that a
 * database of some megabytes can spell out gigabytes.
 */
const MAX_ALL_PATHS_BYTES = 256 * 1024 * 1024;

/** Folders that a merged system has as links: `/bin/ls` and `/usr/bin/ls` are one file there. */
const MERGED = /^\/(?:bin|sbin|lib|lib32|lib64|libx32)\//;

/** A path under which a file is compared, whichever of its two names was used. Latin-1. */
export function mergedPath(path: string): string {
  return MERGED.test(path) ? `/usr${path}` : path;
}

/** Which package a path belongs to. A database that lies about itself, as one of a compromised node may, is believed here. */
export class PackageDatabase {
  /** Its files were more than are remembered. */
  isCut = false;
  /** Files that its lists name, remembered or not; under two names they count twice. */
  listed = 0;
  readonly #files = new Map<string, PackagedFile>();
  readonly #versions = new Map<string, string>();
  readonly #isAsked: (path: string) => boolean;
  #pathBytes = 0;

  /** Only files that are asked for (by their merged path) are remembered. */
  constructor(isAsked: (path: string) => boolean = () => true) {
    this.#isAsked = isAsked;
  }

  add(path: string, file: PackagedFile): void {
    this.#pathBytes += path.length;
    if (path.length > MAX_PATH_BYTES || this.#pathBytes > MAX_ALL_PATHS_BYTES) {
      this.isCut = true;
      return;
    }
    this.listed += 1;
    const key = mergedPath(path);
    if (!this.#isAsked(key)) return;
    if (this.#files.size < MAX_FILES || this.#files.has(key)) this.#files.set(key, file);
    else this.isCut = true;
  }

  addVersion(name: string, version: string): void {
    if (this.#versions.size < MAX_PACKAGES || this.#versions.has(name)) this.#versions.set(name, version);
    else this.isCut = true;
  }

  ownerOf(path: string): PackagedFile | null {
    return this.#files.get(mergedPath(path)) ?? null;
  }

  versionOf({ package: name, version }: Pick<PackagedFile, 'package' | 'version'>): string | null {
    return version ?? this.#versions.get(name) ?? null;
  }
}
