import { z } from 'zod';
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
});
