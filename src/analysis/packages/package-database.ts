export type PackageDigestName = 'md5' | 'sha1' | 'sha256';

/** A file as the database of the package manager has it. */
export interface PackagedFile {
  readonly package: string;
  readonly digestName: PackageDigestName;
  /** Lower-case hex. */
  readonly digest: string;
}

/** Files that are remembered; a large system has some 500,000. */
const MAX_FILES = 1_000_000;

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
  readonly #files = new Map<string, PackagedFile>();

  get size(): number {
    return this.#files.size;
  }

  add(path: string, file: PackagedFile): void {
    const key = mergedPath(path);
    if (this.#files.size < MAX_FILES || this.#files.has(key)) this.#files.set(key, file);
    else this.isCut = true;
  }

  ownerOf(path: string): PackagedFile | null {
    return this.#files.get(mergedPath(path)) ?? null;
  }
}
