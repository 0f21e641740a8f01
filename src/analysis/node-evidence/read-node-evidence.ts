import { readParent } from '../../evidence/derive/parent-stream.js';
import { asciiLines, type AsciiLineProblem } from '../drift/ascii-lines.js';
import type { ByteTaker } from './byte-taker.js';
import { ChangeGatherer } from './change-gatherer.js';
import { ListeningGatherer } from './listening-gatherer.js';
import { LogGatherer } from './log-gatherer.js';
import type { NodeEvidenceSummary } from './node-evidence.js';
import { NodeGatherer } from './node-gatherer.js';

const NODE_FILE = /^data\/derived\/nodes\/([^/]+)\/([a-z-]+)(?:\.r\d)?\.jsonl$/;
const DIFF_FILE = /^data\/derived\/container-diff\/(.+)\/(entries|source)(?:\.r\d)?\.jsonl$/;
const HOLES_FILE = /^data\/derived\/nodes\/([^/]+)\/os-files\/pod-logs-on-disk\.log-holes(?:\.r\d)?\.jsonl$/;
const MAX_NODES = 500;

type LineTaker = (value: unknown) => boolean;

/** Hands each file of an archive to those who condense it. The files must come in the order of their paths. */
class EvidenceGatherer {
  readonly #problems: AsciiLineProblem[] = [];
  readonly #nodes = new Map<string, NodeGatherer>();
  readonly #changes = new ChangeGatherer();
  readonly #listening = new ListeningGatherer();
  readonly #logs = new LogGatherer((uid) => this.#listening.declared.uidOf(uid));
  /** The files of a node stand together: an archive is in the order of its paths. */
  #lastNode: string | null = null;
  #nodesTotal = 0;

  takerOf(path: string): ByteTaker | null {
    const lines = this.#lineTakerOf(path);
    if (lines !== null) return asciiLines(path, lines, this.#problems);
    return this.#listening.pageTaker(path) ?? this.#logs.takerOf(path);
  }

  summary(): NodeEvidenceSummary {
    const named = [...this.#nodes].toSorted(([one], [other]) => (one < other ? -1 : 1));
    return {
      nodes: named.map(([name, gatherer]) => gatherer.summary(name)),
      nodesTotal: this.#nodesTotal,
      ...this.#changes.summary(),
      listening: this.#listening.summary(),
      logs: this.#logs.summary(),
      unreadable: this.#problems.length,
    };
  }

  #lineTakerOf(path: string): LineTaker | null {
    const [, folder, kind] = DIFF_FILE.exec(path) ?? [];
    if (folder !== undefined && kind !== undefined) return this.#changes.takerOf(folder, kind);
    const [, disk] = HOLES_FILE.exec(path) ?? [];
    if (disk !== undefined) return this.#logs.diskTaker(disk);
    const [, node, file] = NODE_FILE.exec(path) ?? [];
    if (node === undefined || file === undefined) return null;
    return this.#nodeTakerOf(node, file);
  }

  #nodeTakerOf(node: string, file: string): LineTaker | null {
    if (file === 'network-namespaces') return this.#listening.namespaceTaker(node);
    const known = this.#nodes.get(node) ?? new NodeGatherer();
    const take = known.takerOf(file);
    if (take === null) return null;
    if (node !== this.#lastNode) this.#nodesTotal += 1;
    this.#lastNode = node;
    if (this.#nodes.size < MAX_NODES) this.#nodes.set(node, known);
    if (file !== 'connections') return take;
    const listens = this.#listening.connectionTaker(node);
    return (value) => take(value) && listens(value);
  }
}

/**
 * Condenses what an archive says of nodes and of changes in containers, from our own derived files, and holds sockets against the objects of
 * the cluster and logs on the disk against those of the API, in one pass in the order of the paths. Nothing is verified.
 * Throws `VERIFY_FAILED` when the archive is not the one with this digest, and as `openArchive`.
 */
export async function readNodeEvidence(archivePath: string, containerSha256: string): Promise<NodeEvidenceSummary> {
  const gatherer = new EvidenceGatherer();
  let taker: ByteTaker | null = null;
  for await (const { path, bytes, isFirst, isLast } of readParent(archivePath, containerSha256)) {
    if (isFirst) taker = gatherer.takerOf(path);
    taker?.write(bytes);
    if (isLast) taker?.end();
  }
  return gatherer.summary();
}
