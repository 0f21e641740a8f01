import { asciiLines, type AsciiLineProblem } from './ascii-lines.js';
import { readParent } from '../../evidence/derive/parent-stream.js';
import { diffEntrySchema, diffSourceSchema, type DiffSource } from '../../model/diff-entry.js';
import { booleanAt, stringAt, valueAt } from '../../lib/untyped.js';
import { HeldEntries, type HeldEntry } from './held-entries.js';
import { Replicas } from './replicas.js';

/** A process whose program is gone from the disk. */
export interface DeletedProgram {
  readonly node: string;
  readonly pid: number;
  readonly podUid: string | null;
  readonly containerId: string | null;
  /** As the kernel shows it, escaped; untrusted. */
  readonly link: string;
  readonly isMemory: boolean;
}

export interface ReadDiffs {
  readonly sources: ReadonlyMap<string, DiffSource>;
  /** Without those that are as the image has them; the gravest, where there are too many. */
  readonly entries: readonly HeldEntry[];
  /** By class, those that are not held too. */
  readonly counts: ReadonlyMap<string, ReadonlyMap<string, number>>;
  /** There were more entries than are held. */
  readonly isCut: boolean;
  readonly replicas: Replicas;
  readonly deletedPrograms: readonly DeletedProgram[];
  /** `<container id>|<path in base64>` of what processes run. */
  readonly running: ReadonlySet<string>;
  readonly problems: readonly AsciiLineProblem[];
}

/** Entries that are held to be judged; a container that was rebuilt from inside has tens of thousands. */
const MAX_HELD = 100_000;
const MAX_PROGRAMS = 10_000;
const MAX_RUNNING = 100_000;

const DIFF_FILE = /^data\/derived\/container-diff\/(.+)\/(entries|source)(?:\.r\d)?\.jsonl$/;
const PROCESS_FILE = /^data\/derived\/nodes\/([^/]+)\/processes(?:\.r\d)?\.jsonl$/;

class DiffsReader {
  readonly sources = new Map<string, DiffSource>();
  readonly entries = new HeldEntries(MAX_HELD);
  readonly counts = new Map<string, Map<string, number>>();
  readonly replicas = new Replicas();
  readonly deletedPrograms: DeletedProgram[] = [];
  readonly running = new Set<string>();

  /** What takes the lines of a file; `null` = nobody. Returns false for a line that is not of the shape. */
  takerOf(path: string): ((value: unknown) => boolean) | null {
    const [, container, kind] = DIFF_FILE.exec(path) ?? [];
    if (container !== undefined)
      return kind === 'source' ? (value) => this.#source(container, value) : (value) => this.#entry(container, value);
    const node = PROCESS_FILE.exec(path)?.[1];
    return node === undefined ? null : (value) => this.#process(node, value);
  }

  #source(container: string, value: unknown): boolean {
    const parsed = diffSourceSchema.safeParse(value);
    if (!parsed.success) return false;
    if (!this.sources.has(container)) this.replicas.addSource(container, parsed.data);
    this.sources.set(container, parsed.data);
    return true;
  }

  #entry(container: string, value: unknown): boolean {
    const parsed = diffEntrySchema.safeParse(value);
    if (!parsed.success) return false;
    const entry = parsed.data;
    const counts = this.counts.get(container) ?? new Map<string, number>();
    this.counts.set(container, counts.set(entry.class, (counts.get(entry.class) ?? 0) + 1));
    this.replicas.addEntry(container, entry);
    if (entry.class !== 'copied-up-unchanged' || entry.notes.length > 0) this.entries.add({ container, entry });
    return true;
  }

  #process(node: string, value: unknown): boolean {
    const link = stringAt(value, 'exe', 'link', 'display');
    const containerId = stringAt(value, 'containerId') ?? null;
    const pid = valueAt(value, 'pid');
    if (typeof pid !== 'number') return false;
    if (link === undefined) return true;
    const pathB64 = stringAt(value, 'exe', 'link', 'b64');
    if (containerId !== null && this.running.size < MAX_RUNNING)
      this.running.add(`${containerId}|${pathB64 ?? Buffer.from(link, 'latin1').toString('base64')}`);
    const isMemory = booleanAt(value, 'exe', 'memfd') === true;
    const isDeleted = booleanAt(value, 'exe', 'deleted') === true || isMemory;
    if (!isDeleted || this.deletedPrograms.length >= MAX_PROGRAMS) return true;
    const podUid = stringAt(value, 'podUid') ?? null;
    this.deletedPrograms.push({ node, pid, podUid, containerId, link, isMemory });
    return true;
  }
}

/**
 * Reads the diffs of all containers out of an archive that was verified, in one pass. Throws `VERIFY_FAILED` when it is not the archive
 * that was verified, and as `openArchive`.
 */
export async function readDiffs(archivePath: string, containerSha256: string): Promise<ReadDiffs> {
  const reader = new DiffsReader();
  const problems: AsciiLineProblem[] = [];
  let lines: ReturnType<typeof asciiLines> | null = null;
  for await (const { path, bytes, isFirst, isLast } of readParent(archivePath, containerSha256)) {
    if (isFirst) {
      const take = reader.takerOf(path);
      lines = take === null ? null : asciiLines(path, take, problems);
    }
    lines?.write(bytes);
    if (isLast) lines?.end();
  }
  const { sources, entries: held, counts, replicas, deletedPrograms, running } = reader;
  const entries = held.all();
  return { sources, entries, counts, isCut: held.isCut, replicas, deletedPrograms, running, problems };
}
