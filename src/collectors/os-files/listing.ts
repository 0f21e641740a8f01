import type { CatalogueEntry } from '../../model/artifact-catalogue.js';
import { NulRows } from '../nul-rows.js';
import { LISTING_FIELDS } from './far-scripts.js';
import { listedFileOf, type ListedFile } from './listed-file.js';
import { pathRegexOf } from './path-pattern.js';

/** Bases of one listing that are remembered: homes times patterns. */
const MAX_BASES = 100_000;

/** A base that was not walked because a part of its path is a link. */
export interface LinkedBase {
  readonly base: string;
  readonly at: string;
  readonly target: string;
}

/** What the listing script said, row by row. Everything in it comes from the node. */
export class Listing {
  /** By path, sorted when `files` is asked for. At most `maxFiles`; `total` counts all. */
  readonly #files = new Map<string, ListedFile>();
  readonly #rows: NulRows;
  readonly #exclude: readonly RegExp[];
  readonly #maxFiles: number;
  #base = '';
  #inBase = 0;
  total = 0;
  /** Bases whose path does not exist, and whose last existing folder was readable. */
  absentBases = 0;
  deniedBases = 0;
  readonly walkedBases = new Set<string>();
  /** Walked to the end, without a file that matched. */
  readonly emptyBases = new Set<string>();
  /** Walked, and `find` could not look into a part. */
  incompleteBases = 0;
  readonly linkedBases: LinkedBase[] = [];
  strangeRows = 0;

  constructor(entry: Pick<CatalogueEntry, 'exclude' | 'limits'>) {
    this.#exclude = entry.exclude.map(pathRegexOf);
    this.#maxFiles = entry.limits.maxFiles;
    this.#rows = new NulRows(LISTING_FIELDS, (row) => {
      this.#row(row);
    });
  }

  feed(chunk: Buffer): void {
    this.#rows.feed(chunk);
  }

  /** Whether the rows are rows to the end. */
  get isSound(): boolean {
    return this.#rows.isBetweenRows && !this.#rows.isBroken && this.strangeRows === 0;
  }

  get(path: string): ListedFile | undefined {
    return this.#files.get(path);
  }

  files(): ListedFile[] {
    return [...this.#files.values()].toSorted((a, b) => (a.path < b.path ? -1 : 1));
  }

  #row(row: readonly Buffer[]): void {
    const [kind = '', first = '', second = '', third = ''] = row.slice(0, 4).map((field) => field.toString('latin1'));
    if (kind === 'F') this.#file(row);
    else if (kind === 'B') this.#begin(first);
    else if (kind === 'E') this.#end(first, second);
    else if (kind === 'N') this.absentBases += 1;
    else if (kind === 'D') this.deniedBases += 1;
    else if (kind !== 'L') this.strangeRows += 1;
    else if (this.linkedBases.length < MAX_BASES) this.linkedBases.push({ base: first, at: second, target: third });
  }

  #begin(base: string): void {
    this.#base = base;
    this.#inBase = 0;
    if (this.walkedBases.size < MAX_BASES) this.walkedBases.add(base);
  }

  #end(base: string, status: string): void {
    if (status !== '0') this.incompleteBases += 1;
    else if (this.#inBase === 0 && this.emptyBases.size < MAX_BASES) this.emptyBases.add(base);
  }

  #file(row: readonly Buffer[]): void {
    const file = listedFileOf(this.#base, row);
    this.#inBase += 1;
    if (this.#files.has(file.path) || this.#exclude.some((pattern) => pattern.test(file.path))) return;
    this.total += 1;
    if (this.#files.size < this.#maxFiles) this.#files.set(file.path, file);
  }
}
