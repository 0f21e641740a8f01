import type { z } from 'zod';
import { toRfc3339 } from '../lib/clock.js';
import { escapeForTerminal } from '../lib/terminal-escape.js';
import { ExhibitError } from '../model/errors.js';
import type { AuditReadiness } from '../workflows/audit-readiness.js';
import { renderBytes } from './quantities.js';
import type { auditReadinessResult } from './results/audit-results.js';
import { renderTable } from './table.js';
import { wrapText } from './wrap-text.js';

type Document = z.infer<typeof auditReadinessResult>;
type Detection = Document['detections'][number];

/** The JSON document. `source` is the path, or `-`. */
export function auditReadinessDocument(readiness: AuditReadiness, source: string): Document {
  const { policySha256, rules, detections, findings, score, log, retention } = readiness;
  const known = score.filter(({ points }) => points !== null);
  const sum = (values: readonly number[]): number => values.reduce((total, one) => total + one, 0);
  return {
    policy: { source, sha256: policySha256, rules },
    score: {
      points: sum(known.map(({ points }) => points ?? 0)),
      judged: sum(known.map(({ most }) => most)),
      most: sum(score.map(({ most }) => most)),
      parts: score,
    },
    detections: detections.map(({ detection, feasibility, decidedBy }) => {
      const { id, title, severity, techniques, references, besides } = detection;
      return { id, title, severity, techniques, references, feasibility, besides, decidedBy };
    }),
    findings,
    log,
    retention,
  };
}

const WORDS = { 'can-fire': 'can fire', 'degraded': 'degraded', 'blind': 'blind' } as const;
const ORDER = ['blind', 'degraded', 'can-fire'] as const;
const SEVERITIES = ['critical', 'high', 'medium', 'low'] as const;

/** `line 17: Metadata` of the rule that takes the most away. */
function decisionOf({ decidedBy }: Detection): string {
  const [first] = decidedBy;
  if (first === undefined) return '';
  if (first.line === null) return 'no rule';
  return `line ${String(first.line)}: ${first.level}`;
}

function rowOf(detection: Detection): string[] {
  const { id, title, severity, feasibility } = detection;
  return [id, WORDS[feasibility], severity, decisionOf(detection), title];
}

const bySeverity = (a: Detection, b: Detection): number =>
  ORDER.indexOf(a.feasibility) - ORDER.indexOf(b.feasibility) ||
  SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) ||
  (a.id < b.id ? -1 : 1);

/** `create pods shop by a person: D08, D09` for what leaves no trace, or not enough of one. */
function examplesOf(detections: readonly Detection[]): readonly string[] {
  const byExample = new Map<string, string[]>();
  for (const { id, feasibility, decidedBy } of detections) {
    const [first] = decidedBy;
    if (feasibility === 'can-fire' || first === undefined) continue;
    const text = `${first.example} is ${first.seen === 'part' ? 'seen in part' : 'not seen'}`;
    byExample.set(text, [...(byExample.get(text) ?? []), id]);
  }
  return [...byExample].map(([text, ids]) => `${text}: ${ids.join(', ')}`);
}

/** `44 detections: 23 can fire, 6 degraded, 15 blind.` */
function countsOf(detections: readonly Detection[]): string {
  const counts = [...ORDER].reverse().map((is) => {
    return `${String(detections.filter(({ feasibility }) => feasibility === is).length)} ${WORDS[is]}`;
  });
  return `${String(detections.length)} detections: ${counts.join(', ')}.`;
}

const instantOf = (ms: number | null): string => (ms === null ? '-' : toRfc3339(ms));

/** Whether the policy wrote the events, as far as they say under what they were written. */
function agreementLines({ events, agreeing, disagreeing, disagreement }: NonNullable<Document['log']>): string[] {
  const compared = agreeing + disagreeing;
  const silent =
    events === compared ? [] : [`${String(events - compared)} events do not say at which level they were written.`];
  if (compared === 0) return [...silent, 'Nothing in the log says whether this policy wrote it.'];
  if (disagreement === null)
    return [...silent, `Each ${events === compared ? '' : 'other '}event is as this policy writes it.`];
  const text =
    `${String(disagreeing)} of ${String(compared)} events are not as this policy writes them: another policy wrote them, or they were changed. ` +
    `The first is in ${disagreement.name} at byte ${String(disagreement.offset)}: ${disagreement.why}.`;
  return [...silent, text];
}

/** How many lines are what, and whether the policy wrote them; names of files are escaped later. */
function logLines({ log }: Document): readonly string[] {
  if (log === null) return [];
  const { events, lines, bytes, firstMs, lastMs, truncated } = log;
  const lost = Object.entries(log.quarantined).map(([reason, count]) => `${String(count)} ${reason}`);
  const kept = [...(truncated > 0 ? [`${String(truncated)} truncated by their sender`] : []), ...lost];
  const cut = log.files.filter(({ end }) => end !== 'whole').map(({ name, end }) => `${name} is not whole (${end}).`);
  const span = `from ${instantOf(firstMs)} to ${instantOf(lastMs)}`;
  return [
    `The log: ${String(events)} events in ${String(lines)} lines, ${renderBytes(bytes)}, ${span}.`,
    ...(kept.length === 0 ? [] : [`Lines that are no events: ${kept.join(', ')}.`]),
    ...cut,
    ...agreementLines(log),
  ];
}

/** What is blind first; each with the rule that decides and a request that leaves no trace. Untrusted text is escaped. */
export function presentAuditReadiness(document: Document, columns: number): string {
  const { score, detections, findings } = document;
  const sorted = [...detections].sort(bySeverity);
  const table = renderTable(['id', 'state', 'severity', 'decided by', 'detection'], sorted.map(rowOf));
  const parts = score.parts.map(({ id, most, points, reason }) => [
    id,
    points === null ? `- / ${String(most)}` : `${String(points)} / ${String(most)}`,
    reason,
  ]);
  const remarks = findings.flatMap(({ severity, rule, line, text }) => {
    const where = rule === null ? 'the policy' : `rule ${String(rule)}, line ${String(line)},`;
    return wrapText(escapeForTerminal(`${severity}: ${where} ${text}.`, 1000), columns);
  });
  const examples = examplesOf(sorted).flatMap((text) => wrapText(escapeForTerminal(text, 500), columns));
  const measured = logLines(document).flatMap((text) => wrapText(escapeForTerminal(text, 1000), columns));
  return [
    countsOf(detections),
    '',
    table,
    ...(examples.length === 0 ? [] : ['', 'What that hides, for example:', ...examples]),
    '',
    ...(remarks.length === 0 ? ['No fault was found in the rules.'] : remarks),
    ...(measured.length === 0 ? [] : ['', ...measured]),
    '',
    `Score ${String(score.points)} of the ${String(score.judged)} that can be told from what was given, of ${String(score.most)}:`,
    renderTable(['part', 'points', 'reason'], parts),
  ].join('\n');
}

/** What was required and cannot fire; `null` = nothing. Throws `USAGE_INVALID` for an id that does not exist. */
export function requiredNotice(document: Document, required: readonly string[]): ExhibitError | null {
  const known = new Map(document.detections.map((one) => [one.id, one.feasibility]));
  const ids = required.map((id) => id.toUpperCase());
  const stranger = ids.find((id) => !known.has(id));
  if (stranger !== undefined) {
    const message = `There is no detection ${stranger}; they are D01 to D${String(known.size)}.`;
    throw new ExhibitError('USAGE_INVALID', message, { hints: ['exhibit audit readiness --help'] });
  }
  const missing = ids.filter((id) => known.get(id) !== 'can-fire');
  if (missing.length === 0) return null;
  return new ExhibitError('AUDIT_NOT_READY', `By this policy ${missing.join(', ')} cannot be relied on.`, {
    hints: ['templates/audit/recommended.yaml'],
  });
}
