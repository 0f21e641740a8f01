import { readParent } from '../../evidence/derive/parent-stream.js';
import { LineSplitter } from '../../evidence/line-splitter.js';
import { parseAsciiJson } from '../../lib/ascii-json.js';
import { stringAt } from '../../lib/untyped.js';
import { DatabaseTar, type DatabaseLimit } from './database-tar.js';
import type { HashedFile } from './judge-executable.js';
import { mergedPath, PackageDatabase } from './package-database.js';

const EXECUTABLES = /^data\/derived\/nodes\/([^/]+)\/os-files\/executables(?:\.r\d)?\.jsonl$/;
const DATABASE = /^data\/nodes\/([^/]+)\/os-files\/package-database-(?:dpkg|apk|rpm)\/files(?:\.r\d)?\.tar$/;
const MAX_LINE_BYTES = 1024 * 1024;
const MAX_EXECUTABLES = 200_000;

/** What os-files took of a node: digests of its executables, and the databases of its package managers. */
export interface NodePackages {
  /** By absolute path, Latin-1. */
  readonly executables: ReadonlyMap<string, HashedFile>;
  /** Of these executables, and of what else was asked for. */
  readonly database: PackageDatabase;
  /** Why they are not the whole; `cut` = more than are held. */
  readonly limits: ReadonlySet<DatabaseLimit | 'cut'>;
}

interface Taker {
  write(bytes: Buffer): void;
  end(): void;
}

class Node implements NodePackages {
  readonly executables = new Map<string, HashedFile>();
  readonly database: PackageDatabase;
  readonly limits = new Set<DatabaseLimit | 'cut'>();
  readonly #asked = new Set<string>();
  #isDatabaseRead = false;

  constructor(isAsked: (path: string) => boolean) {
    this.database = new PackageDatabase((path) => this.#asked.has(path) || isAsked(path));
  }

  lines(): Taker {
    const lines = new LineSplitter(MAX_LINE_BYTES, (line) => {
      this.#takeLine(line);
    });
    let isUsable = true;
    return {
      write: (bytes) => {
        isUsable &&= lines.write(bytes);
      },
      end: () => {
        if (!isUsable || !lines.isWhole) this.limits.add('cut');
      },
    };
  }

  tar(): Taker {
    this.#isDatabaseRead = true;
    const tar = new DatabaseTar(this.database);
    return {
      write: (bytes) => {
        tar.write(bytes);
      },
      end: () => {
        tar.end();
        for (const limit of tar.limits) this.limits.add(limit);
        if (this.database.isCut) this.limits.add('cut');
      },
    };
  }

  #takeLine(line: Buffer): void {
    const value = parseAsciiJson(line.toString('latin1', 0, line.length - 1));
    const pathB64 = stringAt(value, 'path', 'b64');
    if (pathB64 === undefined || stringAt(value, 'type') !== 'file') return;
    // Derived lines come before what was taken in an archive of ours; the database kept nothing for one that comes after it.
    if (this.executables.size >= MAX_EXECUTABLES || this.#isDatabaseRead) {
      this.limits.add('cut');
      return;
    }
    const path = Buffer.from(pathB64, 'base64').toString('latin1');
    this.#asked.add(mergedPath(path));
    this.executables.set(path, {
      path,
      sha256: stringAt(value, 'sha256') ?? null,
      sha1: stringAt(value, 'sha1') ?? null,
      md5: stringAt(value, 'md5') ?? null,
    });
  }
}

/**
 * Reads the digests and the package databases of each node, by its name as part of a path, out of an archive that was verified. Of a
 * database only those files are kept of which there is a digest, or that `isAsked` names (absolute merged path, Latin-1). Throws
 * `VERIFY_FAILED` when it is not the archive with this digest, and as `openArchive`.
 */
export async function readNodePackages(
  archivePath: string,
  containerSha256: string,
  isAsked: (path: string) => boolean = () => false,
): Promise<ReadonlyMap<string, NodePackages>> {
  const nodes = new Map<string, Node>();
  const nodeOf = (name: string): Node => {
    const node = nodes.get(name) ?? new Node(isAsked);
    nodes.set(name, node);
    return node;
  };
  const takerOf = (path: string): Taker | null => {
    const [, listed] = EXECUTABLES.exec(path) ?? [];
    if (listed !== undefined) return nodeOf(listed).lines();
    const [, packaged] = DATABASE.exec(path) ?? [];
    return packaged === undefined ? null : nodeOf(packaged).tar();
  };
  let taker: Taker | null = null;
  for await (const { path, bytes, isFirst, isLast } of readParent(archivePath, containerSha256)) {
    if (isFirst) taker = takerOf(path);
    taker?.write(bytes);
    if (isLast) taker?.end();
  }
  return nodes;
}
