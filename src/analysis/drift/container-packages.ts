import { LayerDigests, layerPath } from '../../evidence/derive/layer-digests.js';
import { readParent } from '../../evidence/derive/parent-stream.js';
import type { DiffEntry, DiffSource } from '../../model/diff-entry.js';
import { DatabaseTar } from '../packages/database-tar.js';
import type { EntryPackages } from '../packages/entry-packages.js';
import { judgeExecutable, type FileVerdict } from '../packages/judge-executable.js';
import { mergedPath, PackageDatabase } from '../packages/package-database.js';
import type { HeldEntry } from './held-entries.js';

const UPPER = /^(data\/.+\/diff)\/upper(?:\.r\d)?\.tar$/;
/** Names in the archive of an image are those on the node: what comes before is the folder of a layer. */
const BELOW_LAYER =
  /\/((?:var\/lib\/(?:dpkg|rpm)|(?:usr\/)?lib\/apk\/db|usr\/lib\/sysimage\/rpm|usr\/share\/rpm)\/(?:[^/]+\/)?[^/]+)$/;

const imagePath = (name: string): string => `/${BELOW_LAYER.exec(`/${name}`)?.[1] ?? ''}`;
const rawPath = ({ pathB64 }: DiffEntry): string => Buffer.from(pathB64, 'base64').toString('latin1');

const isOfLayer = ({ volume, type }: DiffEntry): boolean => volume === undefined && type !== 'directory';

/** Paths that somebody asks for, merged. */
class Asked {
  readonly #paths = new Set<string>();

  add(path: string): void {
    this.#paths.add(mergedPath(path));
  }

  readonly has = (path: string): boolean => this.#paths.has(mergedPath(path));
}

/** One writable layer. */
class Layer {
  readonly asked = new Asked();
  readonly own = new PackageDatabase(this.asked.has);
  readonly digests = new LayerDigests(this.asked.has);
  readonly image: PackageDatabase;

  constructor(image: PackageDatabase) {
    this.image = image;
  }

  judge(entry: DiffEntry): EntryPackages {
    const path = rawPath(entry);
    const { md5 = null, sha1 = null } = this.digests.byPath.get(path) ?? {};
    const hashed = { path, sha256: entry.sha256, sha1, md5 };
    const owner = this.own.ownerOf(path);
    const own = owner === null ? null : judgeExecutable(hashed, this.own);
    // A list of files without a status of packages beside it stands, in the container, beside the image's.
    const version = own?.version ?? this.image.versionOf({ package: owner?.package ?? '' });
    return { image: judgeExecutable(hashed, this.image), own: own === null ? null : { ...own, version } };
  }
}

interface Taker {
  write(bytes: Buffer): void;
  end(): void;
}

/** What packages say of the entries of containers. */
export class ContainerPackages {
  /** By the container's folder in the archive. */
  readonly #layers = new Map<string, Layer>();
  readonly #images = new Map<string, { readonly asked: Asked; readonly database: PackageDatabase }>();
  readonly #containers = new Map<string, string>();

  /** Nobody's word, until an archive was read. */
  constructor(sources: ReadonlyMap<string, DiffSource>, entries: readonly HeldEntry[]) {
    for (const [container, { packages, folder }] of sources) {
      const path = packages?.path ?? null;
      if (path === null) continue;
      const image = this.#imageAt(path);
      this.#layers.set(container, new Layer(image.database));
      this.#containers.set(folder, container);
    }
    for (const { container, entry } of entries) {
      if (!isOfLayer(entry)) continue;
      this.#layers.get(container)?.asked.add(rawPath(entry));
      const path = sources.get(container)?.packages?.path ?? '';
      this.#images.get(path)?.asked.add(rawPath(entry));
    }
  }

  /**
   * Reads the databases of the images, and what writable layers have of such, out of an archive that was verified. Throws as
   * `readParent`.
   */
  async read(archivePath: string, containerSha256: string): Promise<void> {
    if (this.#layers.size === 0) return;
    let taker: Taker | null = null;
    for await (const { path, bytes, isFirst, isLast } of readParent(archivePath, containerSha256)) {
      if (isFirst) taker = this.#takerOf(path);
      taker?.write(bytes);
      if (isLast) taker?.end();
    }
  }

  /** `null` = no database of its image was taken, or it is no file of a layer. */
  of(container: string, entry: DiffEntry): EntryPackages | null {
    return isOfLayer(entry) ? (this.#layers.get(container)?.judge(entry) ?? null) : null;
  }

  /** The image itself has that package in that version, by its own database. */
  isOfImage(container: string, own: FileVerdict | null): boolean {
    const version = this.#layers.get(container)?.image.versionOf({ package: own?.package ?? '' }) ?? null;
    return version !== null && own?.version === version;
  }

  #imageAt(path: string): { readonly asked: Asked; readonly database: PackageDatabase } {
    const asked = new Asked();
    const image = this.#images.get(path) ?? { asked, database: new PackageDatabase(asked.has) };
    this.#images.set(path, image);
    return image;
  }

  #takerOf(path: string): Taker | null {
    const image = this.#images.get(path);
    if (image !== undefined) return new DatabaseTar(image.database, imagePath);
    const layer = this.#layers.get(this.#containers.get(UPPER.exec(path)?.[1] ?? '') ?? '');
    if (layer === undefined) return null;
    const tar = new DatabaseTar(layer.own, layerPath);
    return {
      write: (bytes) => {
        tar.write(bytes);
        layer.digests.write(bytes);
      },
      end: () => {
        tar.end();
      },
    };
  }
}
