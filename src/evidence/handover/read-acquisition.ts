import type { CustodyEntry } from '../../model/custody-entry.js';
import { listCustody } from '../archive-reader.js';

/** A line of the acquisition log for people. */
export interface ReadLine {
  readonly seq: number;
  readonly at: string;
  readonly actor: string;
  readonly event: string;
  /** Members that the event adds, as `name: value`. */
  readonly detail: string;
}

export interface ReadAcquisition {
  readonly lines: readonly ReadLine[];
  readonly omitted: number;
  readonly items: number;
  readonly firstItemAt: string | null;
  readonly lastItemAt: string | null;
}

/** Lines that are kept from the beginning, and as many from the end. */
const KEPT_LINES = 1000;
const MAX_VALUE = 300;
const COMMON = new Set(['seq', 'prev', 'at', 'monoUs', 'bootId', 'actor', 'event']);

function detailOf(entry: CustodyEntry): string {
  return Object.entries(entry)
    .filter(([name]) => !COMMON.has(name))
    .map(
      ([name, value]) => `${name}: ${(typeof value === 'string' ? value : JSON.stringify(value)).slice(0, MAX_VALUE)}`,
    )
    .join('; ');
}

/**
 * The log of the collection without its `item` lines, which are only counted, in bounded memory. The first thousand lines and the
 * last thousand are kept, so that opening and seal are never among those left out. Throws as `listCustody`.
 */
export async function readAcquisition(archivePath: string): Promise<ReadAcquisition> {
  const head: ReadLine[] = [];
  const tail: ReadLine[] = [];
  let [later, items] = [0, 0];
  let firstItemAt: string | null = null;
  let lastItemAt: string | null = null;
  await listCustody(archivePath, (entry) => {
    const { seq, at, actor, event } = entry;
    if (event === 'item') {
      items += 1;
      firstItemAt ??= at;
      lastItemAt = at;
      return;
    }
    const line = { seq, at, actor, event, detail: detailOf(entry) };
    if (head.length < KEPT_LINES) head.push(line);
    else {
      tail[later % KEPT_LINES] = line;
      later += 1;
    }
  });
  // The oldest of the last ones stands where the next would go.
  const cut = later > KEPT_LINES ? later % KEPT_LINES : 0;
  const lines = [...head, ...tail.slice(cut), ...tail.slice(0, cut)];
  return { lines, omitted: Math.max(0, later - KEPT_LINES), items, firstItemAt, lastItemAt };
}
