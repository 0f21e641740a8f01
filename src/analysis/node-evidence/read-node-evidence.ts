import { readParent } from '../../evidence/derive/parent-stream.js';
import { asciiLines, type AsciiLineProblem } from '../drift/ascii-lines.js';
import { ChangeGatherer } from './change-gatherer.js';
import type { NodeEvidenceSummary } from './node-evidence.js';
import { NodeGatherer } from './node-gatherer.js';

const NODE_FILE = /^data\/derived\/nodes\/([^/]+)\/([a-z-]+)(?:\.r\d)?\.jsonl$/;
const DIFF_FILE = /^data\/derived\/container-diff\/(.+)\/(entries|source)(?:\.r\d)?\.jsonl$/;
const MAX_NODES = 500;

/**
 * Condenses what an archive says of nodes and of changes in containers, from our own derived files, in one pass. Nothing is verified.
 * Throws `VERIFY_FAILED` when the archive is not the one with this digest, and as `openArchive`.
 */
export async function readNodeEvidence(archivePath: string, containerSha256: string): Promise<NodeEvidenceSummary> {
  const nodes = new Map<string, NodeGatherer>();
  const changes = new ChangeGatherer();
  // The files of a node stand together: an archive is in the order of its paths.
  let lastNode: string | null = null;
  let nodesTotal = 0;
  const problems: AsciiLineProblem[] = [];
  const takerOf = (path: string): ((value: unknown) => boolean) | null => {
    const [, folder, kind] = DIFF_FILE.exec(path) ?? [];
    if (folder !== undefined && kind !== undefined) return changes.takerOf(folder, kind);
    const [, node, file] = NODE_FILE.exec(path) ?? [];
    if (node === undefined || file === undefined) return null;
    const known = nodes.get(node) ?? new NodeGatherer();
    const taker = known.takerOf(file);
    if (taker === null) return null;
    if (node !== lastNode) nodesTotal += 1;
    lastNode = node;
    if (nodes.size < MAX_NODES) nodes.set(node, known);
    return taker;
  };
  let lines: ReturnType<typeof asciiLines> | null = null;
  for await (const { path, bytes, isFirst, isLast } of readParent(archivePath, containerSha256)) {
    if (isFirst) {
      const take = takerOf(path);
      lines = take === null ? null : asciiLines(path, take, problems);
    }
    lines?.write(bytes);
    if (isLast) lines?.end();
  }
  const named = [...nodes].toSorted(([one], [other]) => (one < other ? -1 : 1));
  return {
    nodes: named.map(([name, gatherer]) => gatherer.summary(name)),
    nodesTotal,
    ...changes.summary(),
    unreadable: problems.length,
  };
}
