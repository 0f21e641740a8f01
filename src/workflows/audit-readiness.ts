import { DETECTIONS } from '../analysis/audit/detections.js';
import { judgeDetection, type JudgedDetection } from '../analysis/audit/judge-detection.js';
import { lintPolicy, type PolicyFinding } from '../analysis/audit/policy/lint-policy.js';
import { readPolicy } from '../analysis/audit/policy/read-policy.js';
import { scoreReadiness, type ScorePart } from '../analysis/audit/score-readiness.js';
import { sha256OfText } from '../evidence/post-seal/archive-at-hand.js';

/** What an audit log that is written by a policy can show. */
export interface AuditReadiness {
  /** Of the policy's UTF-8 text. */
  readonly policySha256: string;
  readonly rules: number;
  /** In the order of their ids. */
  readonly detections: readonly JudgedDetection[];
  readonly findings: readonly PolicyFinding[];
  readonly score: readonly ScorePart[];
}

/** Judges the text of a policy; `source` names it in errors. Throws `AUDIT_POLICY_INVALID`. */
export function auditReadiness(text: string, source: string): AuditReadiness {
  const policy = readPolicy(text, source);
  const detections = DETECTIONS.map((detection) => judgeDetection(policy, detection));
  return {
    policySha256: sha256OfText(text),
    rules: policy.rules.length,
    detections,
    findings: lintPolicy(policy),
    score: scoreReadiness(policy, detections),
  };
}
