import { z } from 'zod';
import { externalRecordSchema } from '../../model/external.js';

const failureSchema = z.strictObject({ subject: z.string(), why: z.string() });

const volumeSchema = z.strictObject({
  id: z.string(),
  deviceName: z.string(),
  sizeBytes: z.int(),
  isRoot: z.boolean(),
  isEncrypted: z.boolean(),
  kmsKeyId: z.string().nullable(),
  claim: z.string().nullable(),
});

/** What snapshots would be made of; nothing was made. */
export const snapshotPlanResult = z.strictObject({
  sources: z
    .array(
      z.strictObject({
        account: z.string(),
        region: z.string(),
        node: z.string().nullable(),
        instance: z.string().nullable(),
        wanted: z.array(volumeSchema).readonly(),
        /** Left out by name. */
        left: z.array(volumeSchema).readonly(),
        /** Disks that no snapshot can take. */
        instanceStores: z.int(),
      }),
    )
    .readonly(),
  /** At most: what the volumes could hold. */
  sizeBytes: z.int(),
  requests: z.array(z.string()).readonly(),
  cost: z.string(),
  gaps: z.array(z.string()).readonly(),
  /** Why the cloud would refuse, or what is wrong with a key. */
  refused: z.array(failureSchema).readonly(),
});

export const snapshotResult = z.strictObject({
  case: z.string(),
  exhibitId: z.string(),
  /** `pending`: the cloud works on. `failed`: something that was asked for did not come about. */
  verdict: z.enum(['completed', 'pending', 'failed']),
  snapshots: z
    .array(z.strictObject({ record: externalRecordSchema, how: z.enum(['made', 'found', 'known']) }))
    .readonly(),
  failures: z.array(failureSchema).readonly(),
  gaps: z.array(z.string()).readonly(),
});
