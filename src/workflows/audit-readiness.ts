import { DETECTIONS } from '../analysis/audit/detections.js';
import { LogMeasure, type MeasuredLog } from '../analysis/audit/events/measure-log.js';
import { type ReadLog, readLog } from '../analysis/audit/events/read-log.js';
import { detectionJudge, type JudgedDetection } from '../analysis/audit/judge-detection.js';
import { lintPolicy, type PolicyFinding } from '../analysis/audit/policy/lint-policy.js';
import { readPolicy } from '../analysis/audit/policy/read-policy.js';
import { type Retention, retentionOf, type Rotation } from '../analysis/audit/retention.js';
import { scoreReadiness, type ScorePart } from '../analysis/audit/score-readiness.js';
import { sha256OfText } from '../evidence/post-seal/archive-at-hand.js';

/** A piece of an audit log: its name for people, and its bytes. */
export interface AuditFile {
  readonly name: string;
  readonly pieces: AsyncIterable<Buffer>;
}

export interface ReadinessRequest {
  readonly policy: string;
  /** Names the policy in errors. */
  readonly source: string;
  /** Read one after the other. */
  readonly files: readonly AuditFile[];
  readonly rotation: Rotation;
  readonly targetDays: number;
}

/** What was found in files that the policy is said to have written. */
export interface ReadinessLog extends MeasuredLog {
  readonly files: readonly (ReadLog & { readonly name: string })[];
}

/** What an audit log that is written by a policy can show. */
export interface AuditReadiness {
  /** Of the policy's UTF-8 text. */
  readonly policySha256: string;
  readonly rules: number;
  /** In the order of their ids. */
  readonly detections: readonly JudgedDetection[];
  readonly findings: readonly PolicyFinding[];
  readonly score: readonly ScorePart[];
  /** `null` = no file was given. */
  readonly log: ReadinessLog | null;
  readonly retention: Retention;
}

/** Judges a policy, and measures the files that it wrote. Throws `AUDIT_POLICY_INVALID`, and as the files' pieces do. */
export async function auditReadiness(request: ReadinessRequest): Promise<AuditReadiness> {
  const policy = readPolicy(request.policy, request.source);
  const detections = DETECTIONS.map(detectionJudge(policy));
  const measure = new LogMeasure(policy);
  const files: (ReadLog & { readonly name: string })[] = [];
  for (const { name, pieces } of request.files) {
    const read = await readLog(pieces, (line, { offset }) => {
      measure.add(line, { name, offset });
    });
    files.push({ name, ...read });
  }
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const log = files.length === 0 ? null : { ...measure.measured(bytes), files };
  const retention = retentionOf(log, request.rotation, request.targetDays);
  return {
    policySha256: sha256OfText(request.policy),
    rules: policy.rules.length,
    detections,
    findings: lintPolicy(policy),
    score: scoreReadiness(policy, detections, retention),
    log,
    retention,
  };
}
