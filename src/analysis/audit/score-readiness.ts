import type { AuditPolicy } from '../../model/audit-policy.js';
import type { Severity } from './detection.js';
import type { JudgedDetection } from './judge-detection.js';
import { evaluatePolicy } from './policy/evaluate-policy.js';
import { secretsWritten } from './policy/lint-policy.js';
import type { Retention } from './retention.js';

/** A part of the score. `points`: `null` = a policy alone cannot say. */
export interface ScorePart {
  readonly id: 'policy' | 'coverage' | 'secrets' | 'stages' | 'every-server' | 'retention' | 'copy' | 'losses';
  readonly most: number;
  readonly points: number | null;
  readonly reason: string;
}

const WEIGHT: Readonly<Record<Severity, number>> = { critical: 4, high: 3, medium: 2, low: 1 };
const SHARE = { 'can-fire': 1, 'degraded': 0.5, 'blind': 0 } as const;
const COVERAGE = 35;
const RETENTION = 15;

function coverage(judged: readonly JudgedDetection[]): ScorePart {
  const weights = judged.map(({ detection }) => WEIGHT[detection.severity]);
  const reached = judged.map(({ detection, feasibility }) => WEIGHT[detection.severity] * SHARE[feasibility]);
  const sum = (list: readonly number[]): number => list.reduce((total, one) => total + one, 0);
  const points = sum(weights) === 0 ? 0 : Math.round((COVERAGE * sum(reached)) / sum(weights));
  const count = (is: JudgedDetection['feasibility']): number => judged.filter((one) => one.feasibility === is).length;
  const reason = `${String(count('can-fire'))} of ${String(judged.length)} detections can fire, ${String(count('degraded'))} in part, ${String(count('blind'))} cannot`;
  return { id: 'coverage', most: COVERAGE, points, reason };
}

function retentionPoints({ keptDays, targetDays, reason }: Retention): Pick<ScorePart, 'points' | 'reason'> {
  if (keptDays === null) return { points: null, reason };
  return { points: Math.floor(RETENTION * Math.min(1, keptDays / targetDays)), reason };
}

/** How long somebody was in a container is known by the two ends of the connection. */
function stages(policy: AuditPolicy): ScorePart {
  const cut = ['exec', 'attach', 'portforward'].filter((subresource) => {
    const resource = { group: '', resource: 'pods', subresource, name: 'web', namespace: 'shop' };
    return ['get', 'create'].some((verb) => {
      const attributes = { user: 'somebody', groups: ['system:authenticated'], verb, resource, path: '' };
      const { level, omitStages } = evaluatePolicy(policy, attributes);
      return level === 'None' || omitStages.includes('ResponseStarted') || omitStages.includes('ResponseComplete');
    });
  });
  const reason =
    cut.length === 0
      ? 'begin and end of exec, attach and portforward are written'
      : `begin or end of ${cut.join(', ')} is not written`;
  return { id: 'stages', most: 5, points: cut.length === 0 ? 5 : 0, reason };
}

/** Parts of a hundred points, with the reason for each. */
export function scoreReadiness(
  policy: AuditPolicy,
  judged: readonly JudgedDetection[],
  retention: Retention,
): readonly ScorePart[] {
  const written = secretsWritten(policy);
  const unknown = (id: ScorePart['id'], most: number, reason: string): ScorePart => ({
    id,
    most,
    points: null,
    reason,
  });
  return [
    { id: 'policy', most: 5, points: 5, reason: `${String(policy.rules.length)} rules, read without a fault` },
    coverage(judged),
    {
      id: 'secrets',
      most: 10,
      points: written.length === 0 ? 10 : 0,
      reason: written.length === 0 ? 'no secrets in the log' : `${String(written.length)} kinds of secrets in the log`,
    },
    stages(policy),
    unknown('every-server', 15, 'whether each API server writes an audit log is not said by a policy'),
    { id: 'retention', most: RETENTION, ...retentionPoints(retention) },
    unknown('copy', 10, 'whether there is a copy elsewhere is not said by a policy'),
    unknown('losses', 5, 'whether events were dropped is not said by a policy'),
  ];
}
