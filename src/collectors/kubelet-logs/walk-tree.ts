import { derivedFacts } from '../derived-facts.js';
import { asciiJson } from '../../lib/ascii-json.js';
import { escapeForTerminal } from '../../lib/terminal-escape.js';
import type { PlannedArtifact } from '../../model/artifact.js';
import type { CollectContext, CollectResult } from '../../ports/collector.js';
import type { ItemWriter } from '../../ports/evidence-sink.js';
import { concernsOneAnswer } from '../interrupted.js';
import { nodeSubject } from '../node-subject.js';
import { openItem } from '../open-item.js';
import { keyPart } from '../segments.js';
import { base64Of, displayOf, keyOf, urlOf } from './log-names.js';
import type { Listing, ListingEntry } from './parse-listing.js';
import { logsUrl, type PlannedLog, type PlannedNode } from './planned-log.js';
import { readFolder } from './read-folder.js';
import { readLinks, type LogLinks } from './read-links.js';

/** Folders within folders that are entered. A link to a folder above makes a tree without end. */
const MAX_DEPTH = 8;
/** Files of one node. */
const MAX_FILES = 10_000;
const MAX_FOLDERS = 2000;

/** `<pod>_<namespace>_<container>-<id>.log`: a link that the kubelet makes to a file below `pods/`, which is taken there. */
const KUBELET_LINK = /^[a-z0-9.-]+_[a-z0-9.-]+_[a-z0-9.-]+-[0-9a-f]{64}\.log$/;

interface Folder {
  readonly names: readonly Buffer[];
}

function isKubeletLink(parents: readonly Buffer[], { name, isFolder }: ListingEntry): boolean {
  const inContainers = parents.length === 1 && parents[0]?.toString('latin1') === 'containers';
  return inContainers && !isFolder && KUBELET_LINK.test(name.toString('latin1'));
}

/** Breadth first: what is near the top, the node's own logs, is known before a deep tree uses up the limits. */
class TreeWalk {
  files = 0;
  folders = 0;
  readonly gaps: string[] = [];
  /** Paths of the listings that were kept. */
  readonly listings: string[] = [];
  readonly #target: PlannedNode;
  readonly #artifact: string;
  readonly #context: CollectContext;
  readonly #tree: ItemWriter;
  readonly #links: LogLinks | null;
  links = 0;
  #queue: Folder[] = [{ names: [] }];

  constructor(
    target: PlannedNode,
    artifact: string,
    io: { context: CollectContext; tree: ItemWriter; links: LogLinks | null },
  ) {
    this.#target = target;
    this.#artifact = artifact;
    this.#context = io.context;
    this.#tree = io.tree;
    this.#links = io.links;
  }

  /** Returns the result of the topmost folder; what went wrong below is in `gaps`. */
  async walk(): Promise<CollectResult> {
    let top: CollectResult | undefined;
    for (let folder = this.#queue.shift(); folder !== undefined; folder = this.#queue.shift()) {
      const result = await this.#folder(folder);
      top ??= result;
    }
    return top ?? { outcome: 'failed', reason: 'not-a-listing', detail: '', proof: {} };
  }

  gap(what: string): void {
    if (this.gaps.length < 20) this.gaps.push(what);
  }

  async #folder({ names }: Folder): Promise<CollectResult> {
    this.folders += 1;
    const request = { target: this.#target, artifact: this.#artifact, names, number: this.folders };
    try {
      const { result, listing, path } = await readFolder(request, this.#context);
      if (path !== null) this.listings.push(path);
      if (listing !== null) await this.#entries(names, listing);
      if (result.outcome !== 'collected') this.gap(`${displayOf(names)}/: ${result.reason}`);
      return result;
    } catch (error) {
      if (names.length === 0 || !concernsOneAnswer(error)) throw error;
      this.gap(`${displayOf(names)}/: ${error.code.toLowerCase()}`);
      return { outcome: 'failed', reason: 'no-answer', detail: '', proof: {} };
    }
  }

  async #entries(parents: readonly Buffer[], listing: Listing): Promise<void> {
    for (const href of listing.refused) {
      this.gap(`${displayOf(parents)}/: a name that must not be asked for`);
      await this.#line({ refused: escapeForTerminal(href, 800), parentB64: base64Of(parents) });
    }
    for (const entry of listing.entries) {
      const names = [...parents, entry.name];
      const fate = await this.#entry(parents, entry);
      const target = fate === 'link' ? { target: escapeForTerminal(this.#targetOf(names) ?? '', 800) } : {};
      await this.#line({
        nameB64: base64Of(names),
        nameDisplay: displayOf(names),
        folder: entry.isFolder,
        fate,
        ...target,
      });
    }
  }

  async #entry(parents: readonly Buffer[], entry: ListingEntry): Promise<string> {
    const names = [...parents, entry.name];
    if (entry.isFolder) return this.#enqueue(names);
    if (isKubeletLink(parents, entry)) return 'kubelet-link';
    if (this.#targetOf(names) !== undefined) {
      this.links += 1;
      return 'link';
    }
    if (this.files >= MAX_FILES) {
      this.gap(`more than ${String(MAX_FILES)} files`);
      return 'limit';
    }
    this.files += 1;
    await this.#context.discover(plannedFile(this.#target, names));
    return 'planned';
  }

  #targetOf(names: readonly Buffer[]): string | undefined {
    return this.#links?.get(names.map((name) => name.toString('latin1')).join('/'));
  }

  #enqueue(names: readonly Buffer[]): string {
    if (names.length >= MAX_DEPTH) {
      this.gap(`${displayOf(names)}/: deeper than ${String(MAX_DEPTH)}`);
      return 'too-deep';
    }
    if (this.folders + this.#queue.length >= MAX_FOLDERS) {
      this.gap(`more than ${String(MAX_FOLDERS)} folders`);
      return 'limit';
    }
    this.#queue.push({ names });
    return 'entered';
  }

  async #line(value: object): Promise<void> {
    await this.#tree.write(Buffer.from(`${asciiJson(value)}\n`, 'latin1'));
  }
}

export function plannedFile(target: PlannedNode, names: readonly Buffer[]): PlannedArtifact {
  const { node, uid, machineId, segment } = target;
  const encoded = names.map((name) => name.toString('base64'));
  const data: PlannedLog = { type: 'file', node, uid, machineId, segment, names: encoded };
  const artifact = `kubelet-logs/${keyPart(node)}/file/${keyOf(names)}`;
  return { artifact, required: true, source: `${logsUrl(node)}${urlOf(names)}`, node, volatility: 'V4', data };
}

function concluded(walk: TreeWalk, top: CollectResult): CollectResult {
  const proof = { ...top.proof, folders: walk.folders, files: walk.files, linksNotFollowed: walk.links };
  if (top.outcome !== 'collected') return { ...top, proof };
  if (walk.gaps.length > 0) {
    return {
      ...top,
      outcome: 'partial',
      reason: 'tree-incomplete',
      detail: escapeForTerminal(walk.gaps.join('; '), 900),
      proof,
    };
  }
  return { ...top, proof };
}

/**
 * Walks a node's log folder, plans each file, and writes what it saw to `data/derived/nodes/<node>/logs-tree.jsonl`.
 * Throws as reader and sink do, when even the topmost folder has no answer; leaves no writer open.
 */
export async function walkTree(
  planned: PlannedArtifact,
  target: PlannedNode,
  context: CollectContext,
): Promise<CollectResult> {
  const draft = {
    artifact: planned.artifact,
    collector: 'kubelet-logs',
    vantage: 'kubelet',
    sensitivity: 'personal',
  } as const;
  const opened = await openItem(context.sink, {
    ...draft,
    path: `data/derived/nodes/${target.segment}/logs-tree.jsonl`,
  });
  let tree: ItemWriter | undefined = opened.writer;
  try {
    const links = await readLinks(target, context);
    const walk = new TreeWalk(target, planned.artifact, { context, tree, links });
    const result = concluded(walk, await walk.walk());
    if (tree.sizeBytes === 0) return result;
    const ending = tree;
    tree = undefined;
    await ending.commit(
      derivedFacts(nodeSubject(target), walk.listings, result.outcome === 'collected' ? 'collected' : 'partial'),
    );
    return result;
  } finally {
    await tree?.abort();
  }
}
