import { z } from 'zod';
import { vantageSchema } from '../../model/artifact.js';
import { verifyResult } from './archive-results.js';

const executable = z.strictObject({
  role: z.enum(['executable', 'library', 'kernel-module']),
  kind: z.enum(['elf', 'script', 'other']),
  sizeBytes: z.int(),
  mode: z.int(),
  uid: z.int(),
  gid: z.int(),
  modified: z.string(),
  changed: z.string(),
  sha256: z.string().nullable(),
});

/** An executable that two exhibits have differently. */
export const executableRowResult = z.strictObject({
  nodeA: z.string(),
  nodeB: z.string(),
  /** Relative to the node's root: the bytes, and as a terminal may show them. */
  path: z.strictObject({ b64: z.string(), display: z.string() }),
  change: z.enum(['only-in-a', 'only-in-b', 'content', 'rights', 'unknown']),
  findings: z
    .array(
      z.enum([
        'hidden-from-live',
        'set-id',
        'same-size-and-time',
        'kernel-module',
        'changed-content',
        'new',
        'gone',
        'changed-rights',
      ]),
    )
    .readonly(),
  a: executable.nullable(),
  b: executable.nullable(),
});

/** What two exhibits' nodes have differently on their disks, the gravest first. */
export const diffExhibitsResult = z.strictObject({
  a: z.string(),
  b: z.string(),
  reportA: verifyResult,
  reportB: verifyResult,
  compared: z
    .array(
      z.strictObject({
        nodeA: z.string(),
        nodeB: z.string(),
        vantageA: vantageSchema,
        vantageB: vantageSchema,
        filesA: z.int(),
        filesB: z.int(),
      }),
    )
    .readonly(),
  rows: z.array(executableRowResult).readonly(),
  isCut: z.boolean(),
  unreadable: z.int(),
});
