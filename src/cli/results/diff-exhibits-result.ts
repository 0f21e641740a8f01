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

const packaged = z.strictObject({
  verdict: z.enum(['unmodified', 'modified', 'configured', 'not-owned', 'not-comparable']),
  package: z.string().nullable(),
  version: z.string().nullable(),
});

const packages = z.strictObject({ files: z.int(), limits: z.array(z.string()).readonly() }).nullable();

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
        'database-contradicts',
        'differs-from-package',
        'kernel-module',
        'changed-content',
        'new',
        'gone',
        'changed-rights',
        'by-package',
      ]),
    )
    .readonly(),
  a: executable.nullable(),
  b: executable.nullable(),
  /** What the package database of each side says of its file; `null` = it has no file or no database. */
  owners: z.strictObject({
    a: packaged.nullable(),
    b: packaged.nullable(),
    /** What explains the difference; `null` = nothing of a package. */
    byPackage: z.enum(['upgraded', 'installed', 'removed']).nullable(),
    /** The same version of the package has another digest in each database. */
    contradicts: z.boolean(),
  }),
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
        /** `null` = no package database was taken. */
        packagesA: packages,
        packagesB: packages,
      }),
    )
    .readonly(),
  rows: z.array(executableRowResult).readonly(),
  isCut: z.boolean(),
  unreadable: z.int(),
});
