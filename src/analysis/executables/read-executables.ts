import { readParent } from '../../evidence/derive/parent-stream.js';
import type { Vantage } from '../../model/artifact.js';
import { diskExecutableSchema, type DiskExecutable } from '../../model/disk-executable.js';
import { asciiLines, type AsciiLineProblem } from '../drift/ascii-lines.js';

/** Files of all nodes that are held at once. */
const MAX_HELD = 600_000;
const FILE = /^data\/derived\/nodes\/([^/]+)\/disk-executables(?:\.r\d)?\.jsonl$/;

/** What of a file is compared. */
export type HeldExecutable = Pick<
  DiskExecutable,
  'role' | 'kind' | 'sizeBytes' | 'mode' | 'uid' | 'gid' | 'modified' | 'changed' | 'sha256'
>;

export interface NodeExecutables {
  /** The node's folder in the archive. */
  readonly node: string;
  readonly vantage: Vantage;
  /** By path in base64, relative to the node's root. */
  readonly files: ReadonlyMap<string, HeldExecutable>;
}

export interface ReadExecutables {
  readonly nodes: readonly NodeExecutables[];
  readonly isCut: boolean;
  readonly problems: readonly AsciiLineProblem[];
}

interface Gathered {
  readonly vantage: Vantage;
  readonly files: Map<string, HeldExecutable>;
}

/** Reads the inventories of executables out of an archive that was verified. Throws `VERIFY_FAILED` when it is not that archive. */
export async function readExecutables(archivePath: string, containerSha256: string): Promise<ReadExecutables> {
  const nodes = new Map<string, Gathered>();
  const problems: AsciiLineProblem[] = [];
  let held = 0;
  let isCut = false;
  const take = (node: string, value: unknown): boolean => {
    const parsed = diskExecutableSchema.safeParse(value);
    if (!parsed.success) return false;
    const { path, role, kind, sizeBytes, mode, uid, gid, modified, changed, sha256, vantage } = parsed.data;
    const gathered = nodes.get(node) ?? { vantage, files: new Map<string, HeldExecutable>() };
    nodes.set(node, gathered);
    held += 1;
    if (held > MAX_HELD) isCut = true;
    else gathered.files.set(path.b64, { role, kind, sizeBytes, mode, uid, gid, modified, changed, sha256 });
    return true;
  };
  let lines: ReturnType<typeof asciiLines> | null = null;
  for await (const { path, bytes, isFirst, isLast } of readParent(archivePath, containerSha256)) {
    if (isFirst) {
      const node = FILE.exec(path)?.[1];
      lines = node === undefined ? null : asciiLines(path, (value) => take(node, value), problems);
    }
    lines?.write(bytes);
    if (isLast) lines?.end();
  }
  return { nodes: [...nodes].map(([node, one]) => ({ node, ...one })), isCut, problems };
}
