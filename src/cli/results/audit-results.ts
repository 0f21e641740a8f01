import { z } from 'zod';
import { QUARANTINE_REASONS } from '../../model/audit-event.js';
import { AUDIT_LEVELS } from '../../model/audit-policy.js';

/** What an audit log that is written by a policy can show. */
export const auditReadinessResult = z.strictObject({
  policy: z.strictObject({ source: z.string(), sha256: z.string(), rules: z.int() }),
  score: z.strictObject({
    points: z.int(),
    /** What could be judged, of `most`. */
    judged: z.int(),
    most: z.int(),
    parts: z
      .array(z.strictObject({ id: z.string(), most: z.int(), points: z.int().nullable(), reason: z.string() }))
      .readonly(),
  }),
  detections: z
    .array(
      z.strictObject({
        id: z.string(),
        title: z.string(),
        severity: z.enum(['critical', 'high', 'medium', 'low']),
        techniques: z.array(z.string()).readonly(),
        references: z.array(z.string()).readonly(),
        feasibility: z.enum(['can-fire', 'degraded', 'blind']),
        /** What beside the log it takes. */
        besides: z.string().nullable(),
        /** What takes the most away first. `rule` counts from 1; `null` = none matched. */
        decidedBy: z
          .array(
            z.strictObject({
              rule: z.int().nullable(),
              line: z.int().nullable(),
              level: z.enum(AUDIT_LEVELS),
              requests: z.int(),
              seen: z.enum(['whole', 'part', 'nothing']),
              example: z.string(),
            }),
          )
          .readonly(),
      }),
    )
    .readonly(),
  findings: z
    .array(
      z.strictObject({
        id: z.string(),
        severity: z.enum(['high', 'medium', 'low']),
        rule: z.int().nullable(),
        line: z.int().nullable(),
        text: z.string(),
      }),
    )
    .readonly(),
  /** `null` = no file was given. Lines are of events, quarantined, truncated or blank. */
  log: z
    .strictObject({
      files: z
        .array(
          z.strictObject({
            name: z.string(),
            bytes: z.int(),
            isPacked: z.boolean(),
            end: z.enum(['whole', 'gzip-cut', 'gzip-damaged']),
          }),
        )
        .readonly(),
      bytes: z.int(),
      lines: z.int(),
      eventLines: z.int(),
      events: z.int(),
      truncated: z.int(),
      blank: z.int(),
      quarantined: z.partialRecord(z.enum(QUARANTINE_REASONS), z.int()),
      firstMs: z.int().nullable(),
      lastMs: z.int().nullable(),
      /** Events that the policy would have written as they are, and others, with the place of the first. */
      agreeing: z.int(),
      disagreeing: z.int(),
      disagreement: z.strictObject({ name: z.string(), offset: z.int(), why: z.string() }).nullable(),
    })
    .nullable(),
  retention: z.strictObject({
    bytesPerHour: z.int().nullable(),
    keptDays: z.number().nullable(),
    targetDays: z.number(),
    reason: z.string(),
  }),
});
