import { arrayAt, booleanAt, integerAt, stringAt, valueAt } from '../../lib/untyped.js';
import { DockerGatherer } from './docker-gatherer.js';
import { FirstFew } from './first-few.js';
import type { BusyContainer, NodeEvidence, ViewMismatch } from './node-evidence.js';

const MAX_BUSY = 5;
const MAX_MISMATCHES = 20;
const MAX_LISTED = 20;
/** One measurement shows what a container did then, not what it does all the time. */
const MIN_MEASURED = 2;

const DECIMAL = /^\d{1,20}$/;

function compareBusy(one: BusyContainer, other: BusyContainer): number {
  const [mine, its] = [BigInt(one.cpuNanoCoresMin), BigInt(other.cpuNanoCoresMin)];
  return mine === its ? 0 : mine > its ? -1 : 1;
}

function compareMismatches(one: ViewMismatch, other: ViewMismatch): number {
  return one.verdict === other.verdict ? 0 : one.verdict === 'steady' ? -1 : 1;
}

function busyOf(value: unknown): BusyContainer | null {
  const measured = integerAt(value, 'measured');
  const least = stringAt(value, 'cpuNanoCoresMin');
  const most = stringAt(value, 'cpuNanoCoresMax');
  if (stringAt(value, 'of') !== 'container' || measured === undefined || measured < MIN_MEASURED) return null;
  if (least === undefined || !DECIMAL.test(least) || BigInt(least) === 0n) return null;
  return {
    namespace: stringAt(value, 'namespace') ?? '',
    pod: stringAt(value, 'pod') ?? '',
    container: stringAt(value, 'container') ?? '',
    measured,
    cpuNanoCoresMin: least,
    cpuNanoCoresMax: most === undefined || !DECIMAL.test(most) ? null : most,
  };
}

function endpointOf(value: unknown): string {
  const protocol = stringAt(value, 'protocol') ?? '';
  const local = valueAt(value, 'local');
  const address = stringAt(local, 'address');
  const port = integerAt(local, 'port');
  const shown = address === undefined ? `socket ${stringAt(value, 'inode') ?? ''}` : `${address} ${String(port ?? '')}`;
  return `${protocol} ${shown}`.trim();
}

function subjectOf(value: unknown): string {
  const program = integerAt(value, 'programId');
  if (program !== undefined) return `bpf program ${String(program)}`;
  const pid = integerAt(value, 'pid');
  return stringAt(value, 'containerId') ?? (pid === undefined ? endpointOf(value) : `pid ${String(pid)}`);
}

/** What the lines of the derived files say of one node. A file that was read again replaces what it said before. */
export class NodeGatherer {
  readonly #mismatches = new Map<string, FirstFew<ViewMismatch>>();
  #access: Pick<NodeEvidence, 'way' | 'vantage' | 'refusals' | 'degraded'> = {
    way: null,
    vantage: null,
    refusals: [],
    degraded: [],
  };
  #processes: { total: number; kernelThreads: number; deletedExecutables: number; memoryExecutables: number } | null =
    null;
  #listening: number | null = null;
  #busiest = new FirstFew<BusyContainer>(MAX_BUSY, compareBusy);
  #docker: DockerGatherer | null = null;

  /** What takes the lines of the file of this name; `null` = nobody. It returns false for a line that is not of the shape. */
  takerOf(file: string): ((value: unknown) => boolean) | null {
    switch (file) {
      case 'access':
        return (value) => this.#takeAccess(value);
      case 'processes':
        this.#processes = { total: 0, kernelThreads: 0, deletedExecutables: 0, memoryExecutables: 0 };
        return (value) => this.#takeProcess(value);
      case 'connections':
        this.#listening = 0;
        return (value) => this.#takeConnection(value);
      case 'stats-series':
        this.#busiest = new FirstFew(MAX_BUSY, compareBusy);
        return (value) => this.#takeSeries(value);
      case 'docker':
        return this.#takeDocker();
      case 'bpf-findings':
      case 'container-views':
      case 'hidden-processes':
      case 'network-findings':
        return this.#takeMismatches(file);
      default:
        return null;
    }
  }

  summary(node: string): NodeEvidence {
    const found = new FirstFew(MAX_MISMATCHES, compareMismatches);
    let mismatchesTotal = 0;
    for (const [, mismatches] of [...this.#mismatches].toSorted(([one], [other]) => (one < other ? -1 : 1))) {
      mismatchesTotal += mismatches.total;
      for (const one of mismatches.items) found.add(one);
    }
    return {
      node,
      ...this.#access,
      processes: this.#processes,
      listening: this.#listening,
      busiest: this.#busiest.items,
      docker: this.#docker?.summary() ?? null,
      mismatches: found.items,
      mismatchesTotal,
    };
  }

  #takeAccess(value: unknown): boolean {
    const way = stringAt(value, 'facts', 'rung');
    if (way === undefined) return false;
    const refusals = arrayAt(value, 'refusals').slice(0, MAX_LISTED);
    this.#access = {
      way,
      vantage: stringAt(value, 'facts', 'vantage') ?? null,
      refusals: refusals.map((one) => ({ rung: stringAt(one, 'rung') ?? '', reason: stringAt(one, 'reason') ?? '' })),
      degraded: arrayAt(value, 'facts', 'degraded')
        .slice(0, MAX_LISTED)
        .flatMap((one) => stringAt(one, 'reason') ?? []),
    };
    return true;
  }

  #takeProcess(value: unknown): boolean {
    const counts = this.#processes;
    if (counts === null || integerAt(value, 'pid') === undefined) return false;
    if (booleanAt(value, 'own') === true) return true;
    if (booleanAt(value, 'kernelThread') === true) {
      counts.kernelThreads += 1;
      return true;
    }
    counts.total += 1;
    if (booleanAt(value, 'exe', 'memfd') === true) counts.memoryExecutables += 1;
    else if (booleanAt(value, 'exe', 'deleted') === true) counts.deletedExecutables += 1;
    return true;
  }

  #takeConnection(value: unknown): boolean {
    const state = stringAt(value, 'state');
    if (state === 'listen') this.#listening = (this.#listening ?? 0) + 1;
    return state !== undefined;
  }

  #takeSeries(value: unknown): boolean {
    const busy = busyOf(value);
    if (busy !== null) this.#busiest.add(busy);
    return stringAt(value, 'of') !== undefined;
  }

  #takeDocker(): (value: unknown) => boolean {
    const found = this.#mismatchesOf('docker');
    const docker = new DockerGatherer();
    this.#docker = docker;
    return (value) =>
      docker.take(value, (mismatch) => {
        found.add(mismatch);
      });
  }

  #mismatchesOf(file: string): FirstFew<ViewMismatch> {
    const found = new FirstFew(MAX_MISMATCHES, compareMismatches);
    this.#mismatches.set(file, found);
    return found;
  }

  #takeMismatches(file: string): (value: unknown) => boolean {
    const found = this.#mismatchesOf(file);
    return (value) => {
      const rule = stringAt(value, 'rule') ?? stringAt(value, 'finding');
      if (rule === undefined) return false;
      const subject = subjectOf(value);
      found.add({ rule, verdict: stringAt(value, 'verdict') === 'race' ? 'race' : 'steady', subject });
      return true;
    };
  }
}
