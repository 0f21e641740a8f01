import { readParent } from '../../evidence/derive/parent-stream.js';
import { LineSplitter } from '../../evidence/line-splitter.js';
import { parseAsciiJson } from '../../lib/ascii-json.js';
import { stringAt } from '../../lib/untyped.js';
import { DatabaseTar } from './database-tar.js';
import { judgeExecutable, type HashedExecutable } from './judge-executable.js';
import { PackageDatabase } from './package-database.js';

const EXECUTABLES = /^data\/derived\/nodes\/([^/]+)\/os-files\/executables(?:\.r\d)?\.jsonl$/;
const DATABASE = /^data\/nodes\/([^/]+)\/os-files\/package-database-(?:dpkg|apk|rpm)\/files(?:\.r\d)?\.tar$/;
const MAX_LINE_BYTES = 1024 * 1024;
const MAX_EXECUTABLES = 200_000;
const MAX_SHOWN = 200;

/** One node's executables against the package database that was taken with them. */
export interface PackageFindings {
  /** As part of a path in the archive. */
  readonly node: string;
  readonly packagedFiles: number;
  readonly unmodified: number;
  readonly modifiedTotal: number;
  /** At most 200, by path; paths as base64 of their bytes. */
  readonly modified: readonly { readonly pathB64: string; readonly package: string }[];
  readonly notOwnedTotal: number;
  readonly notOwned: readonly { readonly pathB64: string }[];
  readonly notComparable: number;
  /** `rpm-not-read`, `database-broken`, `cut`: why the numbers are not the whole. */
  readonly limits: readonly string[];
}

class Node {
  readonly executables: HashedExecutable[] = [];
  readonly database = new PackageDatabase();
  readonly limits = new Set<string>();

  takeLine(line: Buffer): void {
    const value = parseAsciiJson(line.toString('latin1', 0, line.length - 1));
    const path = stringAt(value, 'path', 'b64');
    if (path === undefined || stringAt(value, 'type') !== 'file') return;
    if (this.executables.length >= MAX_EXECUTABLES) this.limits.add('cut');
    else {
      this.executables.push({
        path: Buffer.from(path, 'base64').toString('latin1'),
        sha256: stringAt(value, 'sha256') ?? null,
        sha1: stringAt(value, 'sha1') ?? null,
        md5: stringAt(value, 'md5') ?? null,
      });
    }
  }

  noteDatabase({ isBroken, isUnsupported }: DatabaseTar): void {
    if (isBroken) this.limits.add('database-broken');
    if (isUnsupported) this.limits.add('rpm-not-read');
  }

  findings(node: string): PackageFindings {
    const judged = this.executables.map((file) => ({ file, ...judgeExecutable(file, this.database) }));
    const of = (verdict: string): typeof judged => judged.filter((one) => one.verdict === verdict);
    const pathB64 = ({ file }: (typeof judged)[number]): string => Buffer.from(file.path, 'latin1').toString('base64');
    const modified = of('modified');
    const notOwned = of('not-owned');
    if (this.database.isCut) this.limits.add('cut');
    return {
      node,
      packagedFiles: this.database.size,
      unmodified: of('unmodified').length,
      modifiedTotal: modified.length,
      modified: modified.slice(0, MAX_SHOWN).map((one) => ({ pathB64: pathB64(one), package: one.package ?? '' })),
      notOwnedTotal: notOwned.length,
      notOwned: notOwned.slice(0, MAX_SHOWN).map((one) => ({ pathB64: pathB64(one) })),
      notComparable: of('not-comparable').length,
      limits: [...this.limits].toSorted(),
    };
  }
}

interface Taker {
  write(bytes: Buffer): void;
  end(): void;
}

/**
 * Compares the executables of each node with its package database, both from the archive, in one pass: nothing of the node runs. Nodes
 * of which either is missing are left out. Throws `VERIFY_FAILED` when the archive is not the one with this digest, and as `openArchive`.
 */
export async function readPackageFindings(
  archivePath: string,
  containerSha256: string,
): Promise<readonly PackageFindings[]> {
  const nodes = new Map<string, Node>();
  const nodeOf = (name: string): Node => {
    const node = nodes.get(name) ?? new Node();
    nodes.set(name, node);
    return node;
  };
  const takerOf = (path: string): Taker | null => {
    const [, listed] = EXECUTABLES.exec(path) ?? [];
    if (listed !== undefined) {
      const node = nodeOf(listed);
      const lines = new LineSplitter(MAX_LINE_BYTES, (line) => {
        node.takeLine(line);
      });
      let isUsable = true;
      return {
        write: (bytes) => {
          isUsable &&= lines.write(bytes);
        },
        end: () => {
          if (!isUsable || !lines.isWhole) node.limits.add('cut');
        },
      };
    }
    const [, packaged] = DATABASE.exec(path) ?? [];
    if (packaged === undefined) return null;
    const node = nodeOf(packaged);
    const tar = new DatabaseTar(node.database);
    return {
      write: (bytes) => {
        tar.write(bytes);
      },
      end: () => {
        node.noteDatabase(tar);
      },
    };
  };
  let taker: Taker | null = null;
  for await (const { path, bytes, isFirst, isLast } of readParent(archivePath, containerSha256)) {
    if (isFirst) taker = takerOf(path);
    taker?.write(bytes);
    if (isLast) taker?.end();
  }
  return [...nodes]
    .filter(([, { executables, database, limits }]) => executables.length > 0 && (database.size > 0 || limits.size > 0))
    .map(([name, node]) => node.findings(name));
}
