import { z } from 'zod';
import { DIFF_CLASSES } from '../../model/diff-entry.js';
import { DRIFT_CLASSES, DRIFT_SEVERITIES } from '../../model/drift.js';
import { externalRecordSchema } from '../../model/external.js';
import { outcomeRecordSchema } from '../../model/outcome.js';
import { outcomeCountsSchema, statementSchema } from '../../model/exhibit.js';

/** How much of a log there is somewhere; `firstAt` and `lastAt` as written there. */
const logExtentSchema = z.strictObject({
  lines: z.int(),
  bytes: z.int(),
  firstAt: z.string().nullable(),
  lastAt: z.string().nullable(),
});

const listeningSchema = z.strictObject({
  compared: z.int(),
  undeclared: z
    .array(
      z.strictObject({
        rule: z.enum(['listening-not-declared', 'listening-in-unknown-pod', 'listening-on-node']),
        node: z.string(),
        namespace: z.string().nullable(),
        pod: z.string().nullable(),
        podUid: z.string().nullable(),
        address: z.string(),
        port: z.int(),
        process: z.string().nullable(),
      }),
    )
    .readonly(),
  undeclaredTotal: z.int(),
  deaf: z
    .array(
      z.strictObject({
        namespace: z.string(),
        service: z.string(),
        pod: z.string(),
        podUid: z.string(),
        node: z.string(),
        protocol: z.enum(['TCP', 'UDP']),
        port: z.int(),
      }),
    )
    .readonly(),
  deafTotal: z.int(),
  isCut: z.boolean(),
});

const logsSchema = z.strictObject({
  compared: z.int(),
  holes: z
    .array(
      z.strictObject({
        node: z.string(),
        namespace: z.string(),
        pod: z.string(),
        container: z.string(),
        instance: z.int(),
        apiOutcome: z.string().nullable(),
        unreadableFiles: z.int(),
        onDisk: logExtentSchema,
        fromApi: logExtentSchema.nullable(),
        onlyOnDisk: logExtentSchema,
        onlyFromApi: logExtentSchema,
      }),
    )
    .readonly(),
  holesTotal: z.int(),
  linesOnlyOnDisk: z.int(),
  linesOnlyFromApi: z.int(),
  isCut: z.boolean(),
});

const dockerSchema = z.strictObject({
  containersTotal: z.int(),
  running: z.int(),
  containers: z
    .array(
      z.strictObject({
        id: z.string(),
        name: z.string().nullable(),
        image: z.string().nullable(),
        state: z.string().nullable(),
        cpuNanoCores: z.string().nullable(),
        memoryBytes: z.string().nullable(),
        changes: z.strictObject({ modified: z.int(), added: z.int(), deleted: z.int() }).nullable(),
      }),
    )
    .readonly(),
});

const nodeEvidenceSchema = z.strictObject({
  nodes: z
    .array(
      z.strictObject({
        node: z.string(),
        way: z.string().nullable(),
        vantage: z.string().nullable(),
        refusals: z.array(z.strictObject({ rung: z.string(), reason: z.string() })).readonly(),
        degraded: z.array(z.string()).readonly(),
        processes: z
          .strictObject({
            total: z.int(),
            kernelThreads: z.int(),
            deletedExecutables: z.int(),
            memoryExecutables: z.int(),
          })
          .nullable(),
        listening: z.int().nullable(),
        busiest: z
          .array(
            z.strictObject({
              namespace: z.string(),
              pod: z.string(),
              container: z.string(),
              measured: z.int(),
              cpuNanoCoresMin: z.string(),
              cpuNanoCoresMax: z.string().nullable(),
            }),
          )
          .readonly(),
        docker: dockerSchema.nullable(),
        mismatches: z
          .array(z.strictObject({ rule: z.string(), verdict: z.enum(['steady', 'race']), subject: z.string() }))
          .readonly(),
        mismatchesTotal: z.int(),
      }),
    )
    .readonly(),
  nodesTotal: z.int(),
  containers: z
    .array(
      z.strictObject({
        namespace: z.string(),
        pod: z.string(),
        container: z.string(),
        entries: z.array(z.strictObject({ class: z.enum(DIFF_CLASSES), count: z.int() })).readonly(),
      }),
    )
    .readonly(),
  containersTotal: z.int(),
  changes: z
    .array(
      z.strictObject({
        container: z.string(),
        severity: z.enum(DRIFT_SEVERITIES),
        driftClass: z.enum(DRIFT_CLASSES),
        rule: z.string(),
        pathB64: z.string(),
      }),
    )
    .readonly(),
  changesTotal: z.int(),
  /** What listens, against pods and Services; `null` = the archive has not both. */
  listening: listeningSchema.nullable(),
  /** Logs on the disks of the nodes, against those of the API; `null` = the archive has not both. */
  logs: logsSchema.nullable(),
  unreadable: z.int(),
});

/** What an archive says of itself; nothing in it was verified. */
export const showResult = z.strictObject({
  archive: z.string(),
  verified: z.literal(false),
  statement: statementSchema,
  gaps: z.array(outcomeRecordSchema).readonly(),
  gapsTotal: z.int(),
  collectors: z
    .array(z.strictObject({ collector: z.string(), outcomes: outcomeCountsSchema, items: z.int(), sizeBytes: z.int() }))
    .readonly(),
  folders: z.array(z.strictObject({ folder: z.string(), files: z.int(), sizeBytes: z.int() })).readonly(),
  /** What was expected of a node and found there. */
  coverage: z
    .array(
      z.strictObject({ place: z.string(), expected: z.int(), found: z.int(), missing: z.array(z.string()).readonly() }),
    )
    .readonly(),
  /** Executables of each node against its package database. Empty for an archive that is encrypted. */
  packages: z
    .array(
      z.strictObject({
        node: z.string(),
        packagedFiles: z.int(),
        unmodified: z.int(),
        modifiedTotal: z.int(),
        modified: z
          .array(z.strictObject({ pathB64: z.string(), package: z.string(), version: z.string().nullable() }))
          .readonly(),
        notOwnedTotal: z.int(),
        notOwned: z.array(z.strictObject({ pathB64: z.string() })).readonly(),
        configured: z.int(),
        notComparable: z.int(),
        limits: z.array(z.string()).readonly(),
      }),
    )
    .readonly(),
  /** How nodes were reached and what stands out there; `null` = nothing of a node, or the archive is encrypted and was not read for it. */
  nodeEvidence: nodeEvidenceSchema.nullable(),
  /** What stays outside the archive, each as it was when it was looked at last. */
  external: z.array(externalRecordSchema).readonly(),
  containerSha256: z.string(),
  sizeBytes: z.int(),
});
