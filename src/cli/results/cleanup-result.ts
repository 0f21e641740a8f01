import { z } from 'zod';

const ourObjectSchema = z.strictObject({
  group: z.string(),
  version: z.string(),
  resource: z.string(),
  namespace: z.string().nullable(),
  name: z.string(),
  uid: z.string(),
  caseToken: z.string(),
  createdAt: z.string(),
  isEnding: z.boolean(),
  node: z.string().nullable(),
});

export const cleanupResult = z.strictObject({
  server: z.string(),
  /** `null` = every case. */
  case: z.string().nullable(),
  /** What was there at the beginning. */
  found: z.array(ourObjectSchema).readonly(),
  /** What is there at the end. */
  left: z.array(ourObjectSchema).readonly(),
  /** With the label of the case, and not of our making: left alone. */
  foreign: z.array(ourObjectSchema).readonly(),
  /** Lists that could not be read: nothing is proven of them. */
  unread: z.array(z.strictObject({ resource: z.string(), reason: z.string() })).readonly(),
  refused: z.array(z.strictObject({ object: z.string(), message: z.string() })).readonly(),
  verdict: z.enum(['nothing-left', 'left', 'unproven']),
});
