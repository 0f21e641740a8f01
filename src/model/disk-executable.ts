import { z } from 'zod';
import { vantageSchema } from './artifact.js';

const rawTextSchema = z.strictObject({ b64: z.string(), display: z.string(), cutFromBytes: z.int().optional() });

/** One line of `disk-executables.jsonl`. Text is the node's; `b64` holds the bytes. */
export const diskExecutableSchema = z.strictObject({
  /** Relative to the node's root. */
  path: rawTextSchema,
  role: z.enum(['executable', 'library', 'kernel-module']),
  kind: z.enum(['elf', 'script', 'other']),
  /** First line of a script. */
  interpreter: rawTextSchema.nullable(),
  vantage: vantageSchema,
  sizeBytes: z.int(),
  /** Permission and set-id bits; -1, as the numbers after it, for a file too large to be looked into. */
  mode: z.int(),
  uid: z.int(),
  gid: z.int(),
  links: z.int(),
  device: z.int(),
  inode: z.int(),
  /** Seconds since 1970 with nine digits after the point; empty = not known. */
  modified: z.string(),
  changed: z.string(),
  sha256: z.string().nullable(),
});
export type DiskExecutable = z.infer<typeof diskExecutableSchema>;
