import type { ListedEntry } from './listing.js';
import type { OverlayMarks } from './overlay-marks.js';

/** An entry of a layer below, as the union would show it. */
export interface BaseEntry {
  readonly layer: number;
  readonly path: string;
  readonly entry: ListedEntry;
}

const NO_MARKS: OverlayMarks = { whiteout: null, opaque: false, redirect: null, metacopy: false };

export function parentOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash === -1 ? '' : path.slice(0, slash);
}

/** All the folders that a path is in, the outermost first; never the layer itself. One at a time: a path may have thousands. */
export function* foldersOf(path: string): Generator<string> {
  for (let at = path.indexOf('/'); at !== -1; at = path.indexOf('/', at + 1)) yield path.slice(0, at);
}

/** Position of the first string that is not before `prefix`. */
function firstFrom(sorted: readonly string[], prefix: string): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? '') < prefix) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The entries of the lower layers that matter for one writable layer, looked up as the union would, by name and through no link. */
export class BaseLayers {
  readonly #layers: Map<string, ListedEntry>[] = [];
  readonly #marks: Map<string, OverlayMarks>[] = [];
  #sorted: string[] | null = null;

  constructor(count: number) {
    for (let index = 0; index < count; index += 1) {
      this.#layers.push(new Map());
      this.#marks.push(new Map());
    }
  }

  add(layer: number, entry: ListedEntry): void {
    this.#layers[layer]?.set(entry.path, entry);
    this.#sorted = null;
  }

  /** What the overlay noted on an entry that was added; what has none is as it looks. */
  mark(layer: number, path: string, marks: OverlayMarks): void {
    this.#marks[layer]?.set(path, marks);
  }

  entriesOf(layer: number): Iterable<ListedEntry> {
    return this.#layers[layer]?.values() ?? [];
  }

  entryAt(layer: number, path: string): ListedEntry | null {
    return this.#layers[layer]?.get(path) ?? null;
  }

  /** The uppermost entry of that path below the writable layer; `null` = the image has none, or hides it. */
  find(path: string): BaseEntry | null {
    for (const [layer, entries] of this.#layers.entries()) {
      const at = this.#walk(layer, path);
      if (at === 'hidden') return null;
      const entry = entries.get(path);
      if (entry !== undefined && at !== 'absent')
        return this.#marksOf(layer, path).whiteout === null ? { layer, path, entry } : null;
      if (at === 'last') return null;
    }
    return null;
  }

  /** Everything that the union of the layers shows below a folder, sorted by path. */
  below(folder: string): BaseEntry[] {
    this.#sorted ??= [...new Set(this.#layers.flatMap((entries) => [...entries.keys()]))].toSorted();
    const prefix = folder === '' ? '' : `${folder}/`;
    const found: BaseEntry[] = [];
    for (let at = firstFrom(this.#sorted, prefix); at < this.#sorted.length; at += 1) {
      const path = this.#sorted[at] ?? '';
      if (!path.startsWith(prefix)) break;
      const entry = path === '' ? null : this.find(path);
      if (entry !== null) found.push(entry);
    }
    return found;
  }

  #marksOf(layer: number, path: string): OverlayMarks {
    return this.#marks[layer]?.get(path) ?? NO_MARKS;
  }

  /** `hidden`: this layer ends the way down; `last`: this layer may have it, none below; `absent`: a folder is not there. */
  #walk(layer: number, path: string): 'open' | 'last' | 'hidden' | 'absent' {
    let state: 'open' | 'last' = 'open';
    for (const folder of foldersOf(path)) {
      const entry = this.#layers[layer]?.get(folder);
      if (entry === undefined) return state === 'last' ? 'hidden' : 'absent';
      const marks = this.#marksOf(layer, folder);
      if (marks.whiteout !== null || entry.type !== 'directory') return 'hidden';
      if (marks.opaque) state = 'last';
    }
    return state;
  }
}
