import { z } from 'zod';

export const DRIFT_CLASSES = ['X1', 'X2', 'X3', 'X4', 'X5', 'X6', 'X7', 'X8', 'X9', 'X10', 'X11', 'X12'] as const;
export type DriftClass = (typeof DRIFT_CLASSES)[number];

/** The gravest first. */
export const DRIFT_SEVERITIES = ['critical', 'high', 'medium', 'info'] as const;
export type DriftSeverity = (typeof DRIFT_SEVERITIES)[number];

export const driftFindingSchema = z.strictObject({
  driftClass: z.enum(DRIFT_CLASSES),
  rule: z.string(),
  severity: z.enum(DRIFT_SEVERITIES),
  why: z.string(),
});
export type DriftFinding = z.infer<typeof driftFindingSchema>;
