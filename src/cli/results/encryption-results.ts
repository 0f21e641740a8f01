import { z } from 'zod';
import { receiptSchema } from '../../model/exhibit.js';

export const encryptedExhibitSchema = z.strictObject({
  encryptedPath: z.string(),
  receiptPath: z.string(),
  receipt: receiptSchema,
  /** Public keys; empty = a passphrase. */
  recipients: z.array(z.string()).readonly(),
  /** `null` when it was removed. */
  plaintextPath: z.string().nullable(),
});

export const sealEncryptResult = z.strictObject({ encrypted: z.array(encryptedExhibitSchema).readonly() });

export const decryptResult = z.strictObject({
  archive: z.string(),
  output: z.string(),
  sizeBytes: z.int(),
  containerSha256: z.string(),
  encryptedSha256: z.string(),
  /** Types of the recipients that the header names. */
  recipients: z.array(z.string()).readonly(),
  /** `null` = none was compared. */
  receipt: z.strictObject({ path: z.string(), exhibitId: z.string(), statesCiphertext: z.boolean() }).nullable(),
});
