import { booleanAt, integerAt, stringAt } from '../../lib/untyped.js';
import { FirstFew } from './first-few.js';
import type { DockerEvidence, DockerUse, ViewMismatch } from './node-evidence.js';

const MAX_CONTAINERS = 10;
const DECIMAL = /^\d{1,20}$/;

function decimalAt(value: unknown, ...path: readonly string[]): string | null {
  const text = stringAt(value, ...path);
  return text !== undefined && DECIMAL.test(text) ? text : null;
}

function changesOf(value: unknown): DockerUse['changes'] {
  const modified = integerAt(value, 'changes', 'modified');
  const added = integerAt(value, 'changes', 'added');
  const deleted = integerAt(value, 'changes', 'deleted');
  return modified === undefined || added === undefined || deleted === undefined ? null : { modified, added, deleted };
}

const changedOf = ({ changes }: DockerUse): number =>
  changes === null ? 0 : changes.modified + changes.added + changes.deleted;

function compare(one: DockerUse, other: DockerUse): number {
  const [mine, its] = [BigInt(one.cpuNanoCores ?? 0), BigInt(other.cpuNanoCores ?? 0)];
  return mine === its ? changedOf(other) - changedOf(one) : mine > its ? -1 : 1;
}

/** What Docker's daemon said of its containers, from one line for each. */
export class DockerGatherer {
  readonly #found = new FirstFew<DockerUse>(MAX_CONTAINERS, compare);
  #running = 0;

  /** False for a line that is not of the shape. `differs` is told what the daemon and its files do not both have. */
  take(value: unknown, differs: (mismatch: ViewMismatch) => void): boolean {
    const id = stringAt(value, 'id');
    const isKnown = booleanAt(value, 'daemonKnows');
    if (id === undefined || isKnown === undefined) return false;
    // One look at each: a container may have been made or removed in between.
    if (!isKnown) differs({ rule: 'unknown-to-docker', verdict: 'race', subject: id });
    else if (booleanAt(value, 'storeKnows') === false)
      differs({ rule: 'not-in-docker-store', verdict: 'race', subject: id });
    if (!isKnown) return true;
    const state = stringAt(value, 'state') ?? null;
    if (state === 'running') this.#running += 1;
    this.#found.add({
      id,
      state,
      name: stringAt(value, 'name') ?? null,
      image: stringAt(value, 'image') ?? null,
      cpuNanoCores: decimalAt(value, 'cpuNanoCores'),
      memoryBytes: decimalAt(value, 'sample', 'memoryBytes'),
      changes: changesOf(value),
    });
    return true;
  }

  summary(): DockerEvidence {
    return { containersTotal: this.#found.total, running: this.#running, containers: this.#found.items };
  }
}
