import { BoltDatabase } from '../bolt/bolt-database.js';
import type { RandomAccess } from '../random-access.js';
import { bucketsOf, textOf, valuesOf } from './bucket-text.js';
import { readUvarint } from './protobuf-any.js';

const MAX_SNAPSHOTS = 200_000;
const KINDS = ['unknown', 'view', 'active', 'committed'] as const;

export interface Snapshot {
  /** Name of its folder below `snapshots/`. */
  readonly id: number;
  readonly kind: (typeof KINDS)[number];
  /** Backend name of the one below; `null` for the lowest. */
  readonly parent: string | null;
}

/** What a snapshotter's `metadata.db` says. */
export interface SnapshotterState {
  /** By backend name (`k8s.io/12/sha256:...`). */
  readonly snapshots: ReadonlyMap<string, Snapshot>;
  readonly transactionId: number;
  /** Pages that could not be read, and snapshots beyond 200,000. */
  readonly lost: number;
}

function parseSnapshot(fields: ReadonlyMap<string, Buffer>): Snapshot | null {
  const id = readUvarint(fields.get('id') ?? Buffer.alloc(0))?.value;
  if (id === undefined) return null;
  const parent = textOf(fields.get('parent'));
  return { id, kind: KINDS[fields.get('kind')?.[0] ?? 0] ?? 'unknown', parent: parent === '' ? null : parent };
}

/** Reads the `metadata.db` of an overlayfs, native or like snapshotter. Throws NotBoltError. */
export function readSnapshotter(source: RandomAccess): SnapshotterState {
  const database = new BoltDatabase(source);
  const snapshots = new Map<string, Snapshot>();
  let lost = 0;
  for (const [name, bucket] of bucketsOf(database.root.bucket('v1')?.bucket('snapshots'))) {
    const snapshot = parseSnapshot(valuesOf(bucket.entries()));
    if (snapshot === null || snapshots.size >= MAX_SNAPSHOTS) lost += 1;
    else snapshots.set(name, snapshot);
  }
  return { snapshots, transactionId: database.transactionId, lost: lost + database.problemCount };
}
