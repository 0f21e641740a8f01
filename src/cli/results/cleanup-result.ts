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
  /** `null` = no cluster was asked. */
  server: z.string().nullable(),
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
  /** Disk images that runs that died left mounted on this machine, at the beginning and at the end. */
  mounts: z.strictObject({ found: z.array(z.string()).readonly(), left: z.array(z.string()).readonly() }),
  /** Files that the custody log does not prove gone from their node. */
  onNodes: z.array(z.strictObject({ node: z.string(), file: z.string(), exhibitId: z.string() })).readonly(),
  /** What containments have changed and not taken back; `exhibit release` does. */
  held: z
    .array(
      z.strictObject({
        object: z.string(),
        by: z.enum(['label', 'taint', 'policy', 'journal']),
        caseToken: z.string(),
        /** `null` = the object does not say. */
        plan: z.string().nullable(),
        /** Its case was closed with it: no release takes it back. */
        abandoned: z.boolean().optional(),
      }),
    )
    .readonly(),
  /** `held`: nothing of a collection is left, and something is contained. */
  verdict: z.enum(['nothing-left', 'left', 'held', 'unproven']),
});
