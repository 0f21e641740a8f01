import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';

/** Size of V8's space for new objects at which it stops growing. Its last step starts below and at most doubles it: it stays under twice this. */
const MOST_BYTES = 8 * 1024 * 1024;
/**
 * Where it is less. What a socket reads, 64 KiB a piece, is outside the heap and lives until its small object in here is collected: blocks of
 * snapshots bring so many of them that the space had better be full soon.
 */
const LESS_BYTES: Readonly<Record<string, number>> = { snapshot: 1024 * 1024 };
/** Far more than it takes to get there. */
const MAX_TURNS = 200;
/** Releases in which the flags were seen to work while the program runs. */
const KNOWN_RELEASES: readonly string[] = ['20', '22', '24'];
const MARKED: readonly string[] = ['collect', 'resume', 'seal', 'snapshot', 'verify'];
/**
 * By how many percent of what is alive the space for old objects may grow until it is collected. Left alone V8 lets it grow to four times
 * as much: a million files are then verified with 17 MB alive of 70. A seal has more alive, and pays for a closer bound with processor time.
 */
const GROWTH_PERCENT: Readonly<Record<string, number>> = { verify: 20, snapshot: 50, seal: 100 };

/**
 * Keeps V8's heap small in the commands that stream whole archives or what becomes one. The space for new objects, left alone, grows to
 * 32 MB, in some releases to 128 MB, for the sake of fewer collections of objects that all die young. Its limit is read when the process
 * starts, but the factor by which it grows is read each time: so it is made to grow as far as it may, and then no further. `words` are
 * those of the command.
 */
export function boundHeap(words: readonly string[]): void {
  const [release = ''] = process.versions.node.split('.');
  const [command = ''] = words;
  if (!MARKED.includes(command) || !KNOWN_RELEASES.includes(release)) return;
  const mostBytes = LESS_BYTES[command] ?? MOST_BYTES;
  for (let turn = 0; turn < MAX_TURNS && youngBytes() < mostBytes; turn += 1) survivingObjects();
  setFlagsFromString('--semi-space-growth-factor=1');
  const percent = GROWTH_PERCENT[command];
  if (percent !== undefined) setFlagsFromString(`--heap-growing-percent=${String(percent)}`);
}

function youngBytes(): number {
  return getHeapSpaceStatistics().find((space) => space.space_name === 'new_space')?.space_size ?? MOST_BYTES;
}

/** It grows only when a collection finds many objects alive. */
function survivingObjects(): readonly object[] {
  return Array.from({ length: 10_000 }, (_, index) => ({ index }));
}
