import type { BoltEntry } from '../bolt/bolt-bucket.js';
import { summarizeOci, type OciSummary } from '../oci-summary.js';
import { labelsOf, textOf } from './bucket-text.js';
import { parseGoTime } from './go-time.js';
import { parseAny } from './protobuf-any.js';

/** A specification beyond it is not parsed. */
const MAX_SPEC_BYTES = 4 * 1024 * 1024;

/** A container's own record in `meta.db`. */
export interface ContainerRecord {
  readonly id: string;
  readonly namespace: string | null;
  readonly image: string | null;
  readonly snapshotter: string;
  readonly snapshotKey: string;
  readonly runtimeName: string | null;
  readonly createdAt: string | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly spec: OciSummary | null;
  readonly carved: boolean;
}

function specOf(any: Buffer | undefined): OciSummary | null {
  const spec = any === undefined || any.length > MAX_SPEC_BYTES ? null : parseAny(any);
  return spec === null ? null : summarizeOci(spec.value);
}

/** A container of Docker has no snapshot of containerd's; its control group is named after it. */
const IN_CGROUP = /(?:^|[/:-])([0-9a-f]{64})(?:\.scope)?$/;

/** Of a record without its key; '' = nothing says it. */
function idOf(snapshotKey: string, spec: OciSummary | null): string {
  return snapshotKey === '' ? (IN_CGROUP.exec(spec?.cgroupsPath ?? '')?.[1] ?? '') : snapshotKey;
}

/** What a container's bucket holds, as entries: of the bucket itself, or of a page that was one. */
export function parseContainer(
  entries: Iterable<BoltEntry>,
  at: { readonly id: string | null; readonly namespace: string | null; readonly carved: boolean },
): ContainerRecord {
  const values = new Map<string, Buffer>();
  let labels: Readonly<Record<string, string>> = {};
  let runtimeName: string | null = null;
  for (const { key, value, bucket } of entries) {
    const name = key.toString('latin1');
    if (value !== undefined) values.set(name, value);
    else if (name === 'labels') labels = labelsOf(bucket);
    else if (name === 'runtime') runtimeName = labelsOf(bucket)['name'] ?? null;
  }
  const snapshotKey = textOf(values.get('snapshotKey')) ?? '';
  const spec = specOf(values.get('spec'));
  return {
    id: at.id ?? idOf(snapshotKey, spec),
    namespace: at.namespace,
    image: textOf(values.get('image')),
    snapshotter: textOf(values.get('snapshotter')) ?? '',
    snapshotKey,
    runtimeName,
    createdAt: parseGoTime(values.get('createdat') ?? Buffer.alloc(0)),
    labels,
    spec,
    carved: at.carved,
  };
}
