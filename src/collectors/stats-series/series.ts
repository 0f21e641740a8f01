import type { StatsRow } from './parse-summary.js';

/** Of one container over the series. Billionths of a core and bytes as decimal strings; `null` = never said. */
export interface SeriesLine {
  readonly of: StatsRow['of'];
  readonly namespace: string;
  readonly pod: string;
  readonly podUid: string;
  readonly container: string;
  /** Samples in which the node measured it anew. */
  readonly measured: number;
  readonly firstTime: string | null;
  readonly lastTime: string | null;
  readonly cpuNanoCoresMin: string | null;
  readonly cpuNanoCoresMax: string | null;
  readonly cpuNanoCoresLast: string | null;
  readonly memoryWorkingSetBytesMax: string | null;
  /** Sent and received between the first and the last sample; `null` when a counter went back. */
  readonly networkRxBytesGrown: string | null;
  readonly networkTxBytesGrown: string | null;
  readonly writableLayerBytesGrown: string | null;
}

const MAX_SERIES = 20_000;

interface Series {
  readonly first: StatsRow;
  last: StatsRow;
  measured: number;
  cpuMin: bigint | null;
  cpuMax: bigint | null;
  memoryMax: bigint | null;
}

const least = (a: bigint | null, b: bigint | null): bigint | null => (a === null ? b : b === null || a < b ? a : b);
const most = (a: bigint | null, b: bigint | null): bigint | null => (a === null ? b : b === null || a > b ? a : b);
const integer = (text: string | null): bigint | null => (text === null ? null : BigInt(text));
const text = (value: bigint | null): string | null => (value === null ? null : value.toString());

function grown(first: string | null, last: string | null): string | null {
  if (first === null || last === null) return null;
  const difference = BigInt(last) - BigInt(first);
  return difference < 0n ? null : difference.toString();
}

function begin(row: StatsRow): Series {
  const cpu = integer(row.cpuNanoCores);
  return {
    first: row,
    last: row,
    measured: 1,
    cpuMin: cpu,
    cpuMax: cpu,
    memoryMax: integer(row.memoryWorkingSetBytes),
  };
}

/** Condenses samples into one line a container, in the order of first sight. Memory grows with containers, not with samples. */
export class StatsSeries {
  readonly #series = new Map<string, Series>();
  /** Containers beyond what is kept. */
  left = 0;

  add(rows: readonly StatsRow[]): void {
    for (const row of rows) this.#add(row);
  }

  #add(row: StatsRow): void {
    const key = JSON.stringify([row.of, row.namespace, row.pod, row.podUid, row.container]);
    const known = this.#series.get(key);
    if (known === undefined) {
      if (this.#series.size < MAX_SERIES) this.#series.set(key, begin(row));
      else this.left += 1;
      return;
    }
    // A kubelet measures every ten seconds or so and repeats itself in between.
    if (row.time !== known.last.time) known.measured += 1;
    known.last = row;
    known.cpuMin = least(known.cpuMin, integer(row.cpuNanoCores));
    known.cpuMax = most(known.cpuMax, integer(row.cpuNanoCores));
    known.memoryMax = most(known.memoryMax, integer(row.memoryWorkingSetBytes));
  }

  *lines(): Generator<SeriesLine> {
    for (const { first, last, measured, cpuMin, cpuMax, memoryMax } of this.#series.values()) {
      yield {
        of: first.of,
        namespace: first.namespace,
        pod: first.pod,
        podUid: first.podUid,
        container: first.container,
        measured,
        firstTime: first.time,
        lastTime: last.time,
        cpuNanoCoresMin: text(cpuMin),
        cpuNanoCoresMax: text(cpuMax),
        cpuNanoCoresLast: last.cpuNanoCores,
        memoryWorkingSetBytesMax: text(memoryMax),
        networkRxBytesGrown: grown(first.networkRxBytes, last.networkRxBytes),
        networkTxBytesGrown: grown(first.networkTxBytes, last.networkTxBytes),
        writableLayerBytesGrown: grown(first.writableLayerUsedBytes, last.writableLayerUsedBytes),
      };
    }
  }
}
