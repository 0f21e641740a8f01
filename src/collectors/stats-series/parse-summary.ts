import { arrayAt, stringAt, valueAt } from '../../lib/untyped.js';

/** Rows of one sample; a node runs a few hundred containers, a lying one could name millions. */
const MAX_ROWS = 10_000;
const MAX_NAME_LENGTH = 256;

/**
 * What one sample says of a container, of a pod as a whole, of a container of the node's own system, or of the node. Names that do not apply
 * are empty. Counters are decimal strings: they may exceed 2^53. `null` = not said.
 */
export interface StatsRow {
  readonly of: 'node' | 'system-container' | 'pod' | 'container';
  readonly namespace: string;
  readonly pod: string;
  readonly podUid: string;
  readonly container: string;
  /** When the node measured it, as it says. */
  readonly time: string | null;
  /** Billionths of a core, over the node's own last window. */
  readonly cpuNanoCores: string | null;
  readonly cpuNanoSeconds: string | null;
  readonly memoryWorkingSetBytes: string | null;
  readonly memoryRssBytes: string | null;
  readonly networkRxBytes: string | null;
  readonly networkTxBytes: string | null;
  readonly writableLayerUsedBytes: string | null;
}

type Named = Pick<StatsRow, 'of' | 'namespace' | 'pod' | 'podUid' | 'container'>;

function decimal(value: unknown, ...path: readonly string[]): string | null {
  const found = valueAt(value, ...path);
  // An integer beyond 2^53 has been rounded by the parser; of a counter the magnitude is what is compared.
  return typeof found === 'number' && Number.isFinite(found) && found >= 0
    ? BigInt(Math.round(found)).toString()
    : null;
}

const nameAt = (value: unknown, ...path: readonly string[]): string =>
  (stringAt(value, ...path) ?? '').slice(0, MAX_NAME_LENGTH);

function rowOf(stats: unknown, named: Named): StatsRow {
  return {
    ...named,
    time: stringAt(stats, 'cpu', 'time')?.slice(0, 64) ?? null,
    cpuNanoCores: decimal(stats, 'cpu', 'usageNanoCores'),
    cpuNanoSeconds: decimal(stats, 'cpu', 'usageCoreNanoSeconds'),
    memoryWorkingSetBytes: decimal(stats, 'memory', 'workingSetBytes'),
    memoryRssBytes: decimal(stats, 'memory', 'rssBytes'),
    networkRxBytes: decimal(stats, 'network', 'rxBytes'),
    networkTxBytes: decimal(stats, 'network', 'txBytes'),
    writableLayerUsedBytes: decimal(stats, 'rootfs', 'usedBytes'),
  };
}

/** The rows of a kubelet's `/stats/summary`, the node's first; `null` when it is not one. At most 10,000; `left` counts the others. */
export function parseSummary(summary: unknown): { readonly rows: readonly StatsRow[]; readonly left: number } | null {
  if (stringAt(summary, 'node', 'nodeName') === undefined) return null;
  const node = valueAt(summary, 'node');
  const nowhere = { namespace: '', pod: '', podUid: '' };
  const rows = [rowOf(node, { of: 'node', ...nowhere, container: '' })];
  for (const system of arrayAt(node, 'systemContainers')) {
    rows.push(rowOf(system, { of: 'system-container', ...nowhere, container: nameAt(system, 'name') }));
  }
  let left = 0;
  const add = (row: StatsRow): void => {
    if (rows.length < MAX_ROWS) rows.push(row);
    else left += 1;
  };
  for (const pod of arrayAt(summary, 'pods')) {
    const named = {
      namespace: nameAt(pod, 'podRef', 'namespace'),
      pod: nameAt(pod, 'podRef', 'name'),
      podUid: nameAt(pod, 'podRef', 'uid'),
    };
    add(rowOf(pod, { of: 'pod', ...named, container: '' }));
    for (const container of arrayAt(pod, 'containers')) {
      add(rowOf(container, { of: 'container', ...named, container: nameAt(container, 'name') }));
    }
  }
  return { rows, left };
}
