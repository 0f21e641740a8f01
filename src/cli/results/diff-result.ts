import { z } from 'zod';
import { diffEntrySchema, diffSourceSchema } from '../../model/diff-entry.js';
import { driftFindingSchema } from '../../model/drift.js';
import { verifyResult } from './archive-results.js';

const packaged = z.strictObject({
  verdict: z.enum(['unmodified', 'modified', 'configured', 'not-owned', 'not-comparable']),
  package: z.string().nullable(),
  version: z.string().nullable(),
});

/** One change of a container, or one program that runs and is no file any more. */
export const driftRowResult = z.strictObject({
  namespace: z.string().nullable(),
  pod: z.string().nullable(),
  container: z.string().nullable(),
  containerId: z.string().nullable(),
  severity: z.enum(['critical', 'high', 'medium', 'info']).nullable(),
  findings: z.array(driftFindingSchema).readonly(),
  entry: diffEntrySchema.nullable(),
  program: z
    .strictObject({
      node: z.string(),
      pid: z.int(),
      podUid: z.string().nullable(),
      containerId: z.string().nullable(),
      link: z.string(),
      isMemory: z.boolean(),
    })
    .nullable(),
  /** Containers of the same image in the archive, and those that have the same change; `null` = it is the only one. */
  replicas: z.strictObject({ of: z.int(), same: z.int() }).nullable(),
  /** Whose file it is, by the image's package database and by what the container itself wrote into such a one; `null` = none was taken. */
  packages: z.strictObject({ image: packaged, own: packaged.nullable() }).nullable(),
});

/** What the containers of an archive have that their images have not, the gravest first. */
export const diffResult = z.strictObject({
  archive: z.string(),
  report: verifyResult,
  containers: z.array(diffSourceSchema.extend({ counts: z.record(z.string(), z.int()) })).readonly(),
  rows: z.array(driftRowResult).readonly(),
  leftOut: z.int(),
  isCut: z.boolean(),
  unreadable: z.int(),
});
