import { entryBytesOf, keyBytesOf, mostEntryBytes, readKey, readValue, writeEntry } from './spill-entry.js';
import type { SpillEntry } from './spill-entry.js';
import { writeRun } from './spill-run.js';
import type { EntryBytes, SpillRun } from './spill-run.js';

export type { SpillEntry } from './spill-entry.js';

/** More runs than this are merged into one, so that neither descriptors nor read buffers grow with the input. */
const MAX_RUNS = 96;

/** What V8 needs for one entry beside its characters. */
const ENTRY_OVERHEAD_BYTES = 80;

const FIRST_ARENA_BYTES = 256 * 1024;

export interface SortedSpillOptions {
  /** Where the runs go; they have no name there once they are open, so that nothing is left behind after a crash. */
  readonly directory: string;
  /** Entries held before they are sorted and written out. */
  readonly maxMemoryBytes: number;
}

/** A key, and where the whole entry begins in the arena. */
interface Held {
  readonly key: string;
  readonly at: number;
}

/**
 * Sorts any number of entries bytewise by key (UTF-8; equal keys in the order of their arrival) in bounded memory: an external merge
 * sort. `add` everything, then read once through `drain` or `drainSync`, then `dispose`. Keys and values are any strings; a lone
 * surrogate is read back as U+FFFD. Throws `STORAGE_FULL` and `STORAGE_FAILED`.
 */
export class SortedSpill {
  readonly #directory: string;
  readonly #maxMemoryBytes: number;
  /** Entries as they are written to a run. Outside the heap: millions of small strings would keep the collector busy. */
  #arena: Buffer = Buffer.allocUnsafe(0);
  #arenaBytes = 0;
  #held: Held[] = [];
  #heldBytes = 0;
  #runs: SpillRun[] = [];
  /** A key that is not ASCII was seen: order of code units is no longer order of bytes. */
  #wide = false;
  #count = 0;

  constructor(options: SortedSpillOptions) {
    this.#directory = options.directory;
    this.#maxMemoryBytes = options.maxMemoryBytes;
  }

  /** Entries added. */
  get count(): number {
    return this.#count;
  }

  add(key: string, value: string): void {
    const at = this.#arenaBytes;
    this.#reserve(mostEntryBytes(key, value));
    this.#arenaBytes = writeEntry(this.#arena, at, { key, value });
    // Read back rather than kept: a key that was cut out of a longer string would keep all of it alive.
    const own = readKey(this.#arena, at);
    this.#wide ||= own.length !== keyBytesOf(this.#arena, at);
    this.#held.push({ key: own, at });
    this.#count += 1;
    this.#heldBytes += own.length + ENTRY_OVERHEAD_BYTES;
    if (this.#heldBytes + this.#arenaBytes >= this.#maxMemoryBytes) this.#spill();
  }

  /** Every entry in order. May be called once. */
  async *drain(): AsyncGenerator<SpillEntry, void, undefined> {
    let given = 0;
    for (const entry of this.drainSync()) {
      yield entry;
      given += 1;
      // A long merge must not starve timers and signals.
      if (given % 4096 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** As `drain`, for callers that give way to the event loop themselves. */
  *drainSync(): Generator<SpillEntry, void, undefined> {
    if (this.#runs.length === 0) {
      for (const { key, at } of this.#sorted()) yield { key, value: readValue(this.#arena, at) };
      return;
    }
    if (this.#held.length > 0) this.#spill();
    this.#arena = Buffer.allocUnsafe(0);
    yield* merge(this.#runs, this.#order());
  }

  /** Frees memory, descriptors and disk. Safe to call at any time and more than once. */
  dispose(): void {
    for (const run of this.#runs) run.close();
    this.#runs = [];
    this.#held = [];
    this.#arena = Buffer.allocUnsafe(0);
    this.#arenaBytes = 0;
    this.#heldBytes = 0;
  }

  #order(): (a: string, b: string) => number {
    return this.#wide ? compareBytes : compareUnits;
  }

  #sorted(): Held[] {
    const order = this.#order();
    return this.#held.sort((a, b) => order(a.key, b.key));
  }

  /** Makes room in the arena: it grows by doubling, and is kept from run to run. */
  #reserve(sizeBytes: number): void {
    const needed = this.#arenaBytes + sizeBytes;
    if (needed <= this.#arena.length) return;
    const grown = Buffer.allocUnsafe(
      Math.max(needed, FIRST_ARENA_BYTES, Math.min(this.#arena.length * 2, this.#maxMemoryBytes)),
    );
    this.#arena.copy(grown, 0, 0, this.#arenaBytes);
    this.#arena = grown;
  }

  #spill(): void {
    this.#runs.push(writeRun(this.#directory, held(this.#sorted(), this.#arena)));
    this.#held = [];
    this.#heldBytes = 0;
    this.#arenaBytes = 0;
    if (this.#runs.length < MAX_RUNS) return;
    const merged = writeRun(this.#directory, encoded(merge(this.#runs, this.#order())));
    for (const run of this.#runs) run.close();
    this.#runs = [merged];
  }
}

function* held(entries: readonly Held[], source: Buffer): Generator<EntryBytes> {
  for (const { at } of entries) yield { source, start: at, end: at + entryBytesOf(source, at) };
}

function* encoded(entries: Iterable<SpillEntry>): Generator<EntryBytes> {
  let source = Buffer.allocUnsafe(FIRST_ARENA_BYTES);
  for (const entry of entries) {
    const most = mostEntryBytes(entry.key, entry.value);
    if (most > source.length) source = Buffer.allocUnsafe(most);
    yield { source, start: 0, end: writeEntry(source, 0, entry) };
  }
}

function compareUnits(a: string, b: string): number {
  if (a < b) return -1;
  return a > b ? 1 : 0;
}

function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a, 'utf8'), Buffer.from(b, 'utf8'));
}

/** Merges runs through a binary heap of their first entries; the older run wins a tie, which keeps the sort stable. */
function* merge(
  runs: readonly SpillRun[],
  order: (a: string, b: string) => number,
): Generator<SpillEntry, void, undefined> {
  const heap: Head[] = [];
  const before = (a: Head, b: Head): boolean => {
    const difference = order(a.entry.key, b.entry.key);
    return difference === 0 ? a.age < b.age : difference < 0;
  };
  for (const [age, run] of runs.entries()) {
    run.rewind();
    const entry = run.next();
    if (entry !== null) siftUp(heap, { entry, age, run }, before);
  }
  for (let head = heap[0]; head !== undefined; head = heap[0]) {
    yield head.entry;
    const entry = head.run.next();
    const last = entry === null ? heap.pop() : { entry, age: head.age, run: head.run };
    if (last !== undefined && heap.length > 0) siftDown(heap, last, before);
  }
}

interface Head {
  readonly entry: SpillEntry;
  readonly age: number;
  readonly run: SpillRun;
}

type Before = (a: Head, b: Head) => boolean;

function siftUp(heap: Head[], added: Head, before: Before): void {
  let at = heap.length;
  heap.push(added);
  while (at > 0) {
    const parentAt = (at - 1) >> 1;
    const parent = heap[parentAt];
    if (parent === undefined || !before(added, parent)) break;
    heap[at] = parent;
    at = parentAt;
  }
  heap[at] = added;
}

function siftDown(heap: Head[], placed: Head, before: Before): void {
  let at = 0;
  for (;;) {
    const leftAt = 2 * at + 1;
    const left = heap[leftAt];
    if (left === undefined) break;
    const right = heap[leftAt + 1];
    const smaller = right !== undefined && before(right, left) ? right : left;
    if (!before(smaller, placed)) break;
    heap[at] = smaller;
    at = smaller === left ? leftAt : leftAt + 1;
  }
  heap[at] = placed;
}
