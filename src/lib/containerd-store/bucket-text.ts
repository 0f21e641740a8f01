import type { BoltBucket, BoltEntry } from '../bolt/bolt-bucket.js';

const MAX_TEXT_BYTES = 4096;
const MAX_LABELS = 256;

/** A value as text, at most 4 KiB of it. */
export function textOf(value: Buffer | undefined): string | null {
  return value === undefined ? null : value.subarray(0, MAX_TEXT_BYTES).toString('utf8');
}

/** A bucket of strings by name, at most 256 of them; none when there is no such bucket. */
export function labelsOf(bucket: BoltBucket | undefined): Record<string, string> {
  const labels: [string, string][] = [];
  for (const { key, value } of bucket?.entries() ?? []) {
    if (value !== undefined && labels.length < MAX_LABELS) labels.push([textOf(key) ?? '', textOf(value) ?? '']);
  }
  return Object.fromEntries(labels);
}

/** Buckets inside a bucket, by name; keys that are no buckets are left out. */
export function* bucketsOf(bucket: BoltBucket | undefined): Generator<readonly [string, BoltBucket]> {
  for (const entry of bucket?.entries() ?? []) {
    if (entry.bucket !== undefined) yield [textOf(entry.key) ?? '', entry.bucket];
  }
}

/** The values of a bucket by key; buckets inside it are left out. */
export function valuesOf(entries: Iterable<BoltEntry>): Map<string, Buffer> {
  const values = new Map<string, Buffer>();
  for (const { key, value } of entries) if (value !== undefined) values.set(key.toString('latin1'), value);
  return values;
}
