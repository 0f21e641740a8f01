import { z } from 'zod';
import { cloudSchema } from './cloud.js';
import { instantSchema } from './instant.js';

const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/);

/** `none` = it can be deleted by whoever has the right; `unknown` = it could not be learned. */
export const SNAPSHOT_LOCKS = ['none', 'governance', 'compliance', 'unknown'] as const;

const lockSchema = z.strictObject({
  mode: z.enum(SNAPSHOT_LOCKS),
  /** As the platform calls it: `compliance-cooloff`; empty = it said nothing. */
  state: z.string(),
  until: instantSchema.nullable(),
});
export type SnapshotLock = z.infer<typeof lockSchema>;

/** What reading the blocks of a snapshot gave: what was hashed, and when, apart from when the snapshot was taken. */
const blocksSchema = z.strictObject({
  imageSha256: sha256Schema,
  imageBytes: z.int().min(0),
  manifestSha256: sha256Schema,
  /** Where the manifest is in this exhibit; `null` = it is not. */
  manifestPath: z.string().nullable(),
  hashedFromAt: instantSchema,
  hashedToAt: instantSchema,
});

const tagsSchema = z.array(z.strictObject({ key: z.string(), value: z.string() }));

/** A disk snapshot of a cloud, as it was when it was looked at. Sizes in bytes. */
const snapshotRecordSchema = z.strictObject({
  kind: z.literal('snapshot'),
  observedAt: instantSchema,
  cloud: cloudSchema,
  account: z.string(),
  region: z.string(),
  id: z.string(),
  arn: z.string(),
  /** The snapshot that it is a copy of: `REGION/ID`. */
  copyOf: z.string().nullable(),
  /** `null` where the platform names none, as of a copy. */
  volume: z.string().nullable(),
  /** Where the volume was attached when the snapshot was taken; `null` = it was taken without a machine. */
  node: z.string().nullable(),
  instance: z.string().nullable(),
  deviceName: z.string().nullable(),
  /** The claim that the volume belonged to: `NAMESPACE/NAME`. */
  claim: z.string().nullable(),
  /** Snapshots with the same attempt were taken in one call. */
  attempt: z.string(),
  sizeBytes: z.int().min(0),
  isEncrypted: z.boolean(),
  kmsKeyId: z.string().nullable(),
  tags: tagsSchema,
  /** Those of the volume when the snapshot was taken; left out where nobody looked. */
  volumeTags: tagsSchema.optional(),
  /** As the platform calls it: `pending`, `completed`, `error`; `missing` = there is no such snapshot any more. */
  state: z.string(),
  stateDetail: z.string().nullable(),
  progress: z.string().nullable(),
  startedAt: instantSchema.nullable(),
  completedAt: instantSchema.nullable(),
  lock: lockSchema,
  /** Accounts that were given the right to make volumes of it by us. */
  sharedWith: z.array(z.string()),
  blocks: blocksSchema.optional(),
  /** Of the calls that this line rests on. */
  requestIds: z.array(z.string()),
  /** The role by which the account was entered, where it is not the caller's own: an ARN. */
  role: z.string().optional(),
});
export type SnapshotRecord = z.infer<typeof snapshotRecordSchema>;

/**
 * One line of meta/external.jsonl: evidence that stays outside the archive, as it was at `observedAt`. The same thing may have several
 * lines, the last one being the latest.
 */
export const externalRecordSchema = snapshotRecordSchema;
export type ExternalRecord = z.infer<typeof externalRecordSchema>;

/** Lines with the same key are about the same thing. */
export function externalKey({ region, id }: ExternalRecord): string {
  return `${region}/${id}`;
}
