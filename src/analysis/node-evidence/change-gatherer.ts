import { DRIFT_SEVERITIES } from '../../model/drift.js';
import { DIFF_CLASSES, diffEntrySchema, diffSourceSchema, type DiffEntry } from '../../model/diff-entry.js';
import { judgeEntry } from '../drift/judge-entry.js';
import { FirstFew } from './first-few.js';
import type { ContainerChange, GraveChange, NodeEvidenceSummary } from './node-evidence.js';

const MAX_CONTAINERS = 200;
const MAX_CHANGES = 10;
/** Containers that are told apart; a node runs some hundred. */
const MAX_TOLD_APART = 20_000;

type Named = Pick<ContainerChange, 'namespace' | 'pod' | 'container'>;

const severityOf = ({ severity }: GraveChange): number => DRIFT_SEVERITIES.indexOf(severity);

function total({ entries }: ContainerChange): number {
  return entries.reduce((sum, { count }) => sum + count, 0);
}

class Changed {
  readonly counts = new Map<DiffEntry['class'], number>();
  readonly grave = new FirstFew<GraveChange>(MAX_CHANGES, (one, other) => severityOf(one) - severityOf(other));
}

/** Condenses the diffs of containers, each entry judged by itself: what replicas and processes know of it is for `exhibit diff`. */
export class ChangeGatherer {
  readonly #names = new Map<string, Named>();
  readonly #changed = new Map<string, Changed>();

  takerOf(container: string, kind: string): (value: unknown) => boolean {
    if (kind === 'source') return (value) => this.#takeSource(container, value);
    const changed = new Changed();
    if (this.#changed.size < MAX_TOLD_APART) this.#changed.set(container, changed);
    return (value) => {
      const parsed = diffEntrySchema.safeParse(value);
      if (!parsed.success) return false;
      const entry = parsed.data;
      changed.counts.set(entry.class, (changed.counts.get(entry.class) ?? 0) + 1);
      const [gravest] = judgeEntry({ entry, path: entry.path, runs: false });
      if (gravest === undefined || gravest.severity === 'info') return true;
      const { severity, driftClass, rule } = gravest;
      changed.grave.add({ container, severity, driftClass, rule, pathB64: entry.pathB64 });
      return true;
    };
  }

  summary(): Pick<NodeEvidenceSummary, 'containers' | 'containersTotal' | 'changes' | 'changesTotal'> {
    const containers = new FirstFew<ContainerChange>(MAX_CONTAINERS, (one, other) => total(other) - total(one));
    const changes = new FirstFew<GraveChange>(MAX_CHANGES, (one, other) => severityOf(one) - severityOf(other));
    let changesTotal = 0;
    for (const folder of new Set([...this.#names.keys(), ...this.#changed.keys()])) {
      const changed = this.#changed.get(folder) ?? new Changed();
      const name = this.#names.get(folder) ?? { namespace: '', pod: '', container: folder };
      const entries = DIFF_CLASSES.flatMap((kind) => {
        const count = changed.counts.get(kind) ?? 0;
        return count === 0 ? [] : [{ class: kind, count }];
      });
      containers.add({ ...name, entries });
      changesTotal += changed.grave.total;
      for (const one of changed.grave.items) changes.add(one);
    }
    return {
      containers: containers.items,
      containersTotal: containers.total,
      changes: changes.items,
      changesTotal,
    };
  }

  #takeSource(folder: string, value: unknown): boolean {
    const parsed = diffSourceSchema.safeParse(value);
    if (!parsed.success) return false;
    const { namespace, pod, container } = parsed.data;
    if (this.#names.size < MAX_TOLD_APART) this.#names.set(folder, { namespace, pod, container });
    return true;
  }
}
