import type { BoltBucket } from '../bolt/bolt-bucket.js';
import { BoltDatabase } from '../bolt/bolt-database.js';
import type { BoltProblem } from '../bolt/bolt-error.js';
import type { RandomAccess } from '../random-access.js';
import { bucketsOf, textOf, valuesOf } from './bucket-text.js';
import { parseGoTime } from './go-time.js';
import { parseContainer, type ContainerRecord } from './parse-container.js';
import { readUvarint } from './protobuf-any.js';

const MAX_CONTAINERS = 20_000;
const MAX_IMAGES = 20_000;
const MAX_BLOBS = 200_000;
const MAX_SNAPSHOTS = 200_000;

export interface ImageRecord {
  readonly namespace: string;
  readonly name: string;
  readonly digest: string;
  readonly mediaType: string;
  readonly createdAt: string | null;
}

export interface BlobRecord {
  readonly namespace: string;
  readonly digest: string;
  readonly sizeBytes: number | null;
  readonly createdAt: string | null;
}

/** What `meta.db` says, whole but for what the bounds and damage left out. */
export interface ContainerdMeta {
  readonly containers: readonly ContainerRecord[];
  readonly images: readonly ImageRecord[];
  readonly blobs: readonly BlobRecord[];
  /** Backend name of a snapshot by `namespace`, snapshotter and key, each followed by NUL but the last. */
  readonly snapshotNames: ReadonlyMap<string, string>;
  readonly transactionId: number;
  /** Damaged pages, at most 1,000. */
  readonly problems: readonly BoltProblem[];
  /** Damaged pages, and records beyond a bound. */
  readonly lost: number;
}

export const snapshotNameKey = (namespace: string, snapshotter: string, key: string): string =>
  `${namespace}\0${snapshotter}\0${key}`;

interface Gathered {
  readonly containers: ContainerRecord[];
  readonly images: ImageRecord[];
  readonly blobs: BlobRecord[];
  readonly snapshotNames: Map<string, string>;
  leftOut: number;
}

const timeOf = (value: Buffer | undefined): string | null => (value === undefined ? null : parseGoTime(value));

function gatherImages(bucket: BoltBucket, namespace: string, into: Gathered): void {
  for (const [name, image] of bucketsOf(bucket)) {
    if (into.images.length >= MAX_IMAGES) {
      into.leftOut += 1;
      continue;
    }
    const target = image.bucket('target');
    const values = target === undefined ? new Map<string, Buffer>() : valuesOf(target.entries());
    into.images.push({
      namespace,
      name,
      digest: textOf(values.get('digest')) ?? '',
      mediaType: textOf(values.get('mediatype')) ?? '',
      createdAt: timeOf(image.value('createdat')),
    });
  }
}

function gatherBlobs(bucket: BoltBucket | undefined, namespace: string, into: Gathered): void {
  for (const [digest, blob] of bucketsOf(bucket)) {
    if (into.blobs.length >= MAX_BLOBS) {
      into.leftOut += 1;
      continue;
    }
    const values = valuesOf(blob.entries());
    const size = values.get('size');
    into.blobs.push({
      namespace,
      digest,
      // Go's varint is zigzag-coded.
      sizeBytes: size === undefined ? null : Math.floor((readUvarint(size)?.value ?? 0) / 2),
      createdAt: timeOf(values.get('createdat')),
    });
  }
}

function gatherSnapshots(bucket: BoltBucket, namespace: string, into: Gathered): void {
  for (const [snapshotter, snapshots] of bucketsOf(bucket)) {
    for (const [key, snapshot] of bucketsOf(snapshots)) {
      const name = textOf(valuesOf(snapshot.entries()).get('name'));
      if (name === null || into.snapshotNames.size >= MAX_SNAPSHOTS) into.leftOut += 1;
      else into.snapshotNames.set(snapshotNameKey(namespace, snapshotter, key), name);
    }
  }
}

function gatherContainers(bucket: BoltBucket, namespace: string, into: Gathered): void {
  for (const [id, container] of bucketsOf(bucket)) {
    if (into.containers.length >= MAX_CONTAINERS) into.leftOut += 1;
    else into.containers.push(parseContainer(container.entries(), { id, namespace, carved: false }));
  }
}

/** Containers that were deleted and whose page was not yet written over. */
async function carve(database: BoltDatabase, into: Gathered, signal?: AbortSignal): Promise<void> {
  const identity = ({ snapshotKey, createdAt }: ContainerRecord): string => `${snapshotKey}\0${createdAt ?? ''}`;
  const known = new Set(into.containers.map(identity));
  for await (const { entries } of database.carve(signal)) {
    const keys = new Set(entries.map(({ key }) => key.toString('latin1')));
    if (!keys.has('snapshotKey') || !keys.has('createdat')) continue;
    const container = parseContainer(entries, { id: null, namespace: null, carved: true });
    if (container.id === '' || known.has(identity(container))) continue;
    known.add(identity(container));
    if (into.containers.length >= MAX_CONTAINERS) into.leftOut += 1;
    else into.containers.push(container);
  }
}

/**
 * Reads containerd's `meta.db` (schema `v1` of containerd 1.0 to 2.x), deleted containers included. Throws NotBoltError, and
 * what the signal was aborted with. Nothing in it is believed beyond its shape.
 */
export async function readContainerdMeta(source: RandomAccess, signal?: AbortSignal): Promise<ContainerdMeta> {
  const database = new BoltDatabase(source);
  const into: Gathered = { containers: [], images: [], blobs: [], snapshotNames: new Map(), leftOut: 0 };
  for (const [namespace, content] of bucketsOf(database.root.bucket('v1'))) {
    for (const [kind, bucket] of bucketsOf(content)) {
      if (kind === 'containers') gatherContainers(bucket, namespace, into);
      if (kind === 'images') gatherImages(bucket, namespace, into);
      if (kind === 'content') gatherBlobs(bucket.bucket('blob'), namespace, into);
      if (kind === 'snapshots') gatherSnapshots(bucket, namespace, into);
    }
  }
  const { leftOut, ...gathered } = into;
  await carve(database, into, signal);
  return {
    ...gathered,
    transactionId: database.transactionId,
    problems: database.problems,
    lost: Math.max(leftOut, into.leftOut) + database.problemCount,
  };
}
