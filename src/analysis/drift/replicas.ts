import { DRIFT_SEVERITIES, type DriftFinding } from '../../model/drift.js';
import type { DiffEntry, DiffSource } from '../../model/diff-entry.js';

/** Keys that are counted; each takes some hundred bytes. */
const MAX_KEYS = 300_000;
/** Containers of one image from which one that differs alone stands out. */
const MIN_FOR_ODD = 3;

/** What makes two containers comparable: the image, or the very folders of its layers where the API did not say it. */
function imageOf({ imageId, lowers, node }: DiffSource): string {
  return imageId ?? `${node}:${lowers.join(':')}`;
}

/** A metacopy's content is the base's. */
function contentOf({ class: what, sha256, base }: DiffEntry): string | null {
  return what === 'metacopy' ? (base?.sha256 ?? null) : sha256;
}

/** The same thing at the same place: volumes and what nobody read are never alike. */
function keyOf(entry: DiffEntry): string | null {
  if (entry.volume !== undefined) return null;
  const sha256 = contentOf(entry);
  if (entry.type === 'file' && entry.class !== 'deleted' && entry.sizeBytes > 0 && sha256 === null) return null;
  const what = [entry.class, entry.type, sha256 ?? '', entry.linkTargetB64 ?? '', entry.mode, entry.uid, entry.gid];
  return [entry.pathB64, ...what].join('|');
}

export interface ReplicaCount {
  /** Containers of the same image in the archive, this one included, and those of them with the same entry. */
  readonly of: number;
  readonly same: number;
}

/** Which changes the containers of one image have in common. Feed every entry, then every source; then ask. */
export class Replicas {
  readonly #images = new Map<string, number>();
  readonly #imageOf = new Map<string, string>();
  readonly #containersOf = new Map<string, Set<string>>();

  /** `container` names a container in the archive; its source may come later. */
  addEntry(container: string, entry: DiffEntry): void {
    if (entry.class === 'copied-up-unchanged') return;
    const key = keyOf(entry);
    if (key === null) return;
    const known = this.#containersOf.get(key);
    if (known !== undefined) known.add(container);
    else if (this.#containersOf.size < MAX_KEYS) this.#containersOf.set(key, new Set([container]));
  }

  addSource(container: string, source: DiffSource): void {
    const image = imageOf(source);
    this.#imageOf.set(container, image);
    this.#images.set(image, (this.#images.get(image) ?? 0) + 1);
  }

  count(container: string, entry: DiffEntry): ReplicaCount {
    const image = this.#imageOf.get(container);
    const of = image === undefined ? 1 : (this.#images.get(image) ?? 1);
    const containers = this.#containersOf.get(keyOf(entry) ?? '') ?? new Set<string>();
    let same = 0;
    for (const one of containers) if (this.#imageOf.get(one) === image) same += 1;
    return { of, same: Math.max(1, same) };
  }
}

function lowered({ severity, ...finding }: DriftFinding): DriftFinding {
  const next = DRIFT_SEVERITIES[DRIFT_SEVERITIES.indexOf(severity) + 1] ?? 'info';
  return { ...finding, severity: next };
}

/**
 * What at least half of the replicas have too counts one step less, and is noise where no rule speaks; what one of three or more has
 * alone is a finding where no rule speaks. Not less than one step: whoever owns one replica may own them all.
 */
export function withReplicas(
  findings: readonly DriftFinding[],
  entry: DiffEntry,
  { of, same }: ReplicaCount,
): DriftFinding[] {
  const isCommon = same >= 2 && same * 2 >= of;
  if (findings.length > 0) return isCommon ? findings.map(lowered) : [...findings];
  if (!isComparable(entry)) return [];
  const why = `${String(same)} of ${String(of)} containers of the image have it so.`;
  if (isCommon) return [{ driftClass: 'X10', rule: 'same-in-replicas', severity: 'info', why }];
  const isOdd = same === 1 && of >= MIN_FOR_ODD;
  return isOdd ? [{ driftClass: 'X10', rule: 'odd-one-out', severity: 'medium', why }] : [];
}

function isComparable(entry: DiffEntry): boolean {
  return entry.class !== 'copied-up-unchanged' && entry.type !== 'directory' && entry.volume === undefined;
}
