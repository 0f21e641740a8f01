import type { z } from 'zod';
import { ERROR_TABLE, type ErrorCode, ExhibitError } from '../model/errors.js';
import type { Check, CheckState } from '../workflows/doctor/check.js';
import type { DoctorSummary } from '../workflows/doctor/run-doctor.js';
import type { doctorResult } from './results/doctor-result.js';
import { renderFacts, renderTable } from './table.js';

type DoctorDocument = z.infer<typeof doctorResult>;

const WORST: readonly CheckState[] = ['fails', 'degraded', 'unknown', 'works'];
const MAX_REMEDIES = 20;

export function doctorDocument({ server, checks, rbac }: DoctorSummary): DoctorDocument {
  const has = (state: CheckState): boolean => checks.some((check) => check.state === state);
  return { server, verdict: has('fails') ? 'fails' : has('degraded') ? 'degraded' : 'works', checks, rbac };
}

const NOTHING_MISSING = '# No right is missing.';

/** The manifest alone, to be read and then given to kubectl. */
export function presentFix({ server, rbac }: DoctorDocument): string {
  if (server === null) return '# Nothing is known: there was no connection.';
  return rbac?.trimEnd() ?? NOTHING_MISSING;
}

export function presentDoctor({ server, verdict, checks }: DoctorDocument): string {
  const sorted = checks.toSorted((a, b) => WORST.indexOf(a.state) - WORST.indexOf(b.state));
  const rows = sorted.map(({ state, id, subject, reason }) => [state, id, subject, reason]);
  const remedies = new Set(sorted.flatMap(({ state, remedy }) => (state === 'works' ? [] : (remedy ?? []))));
  const head = renderFacts([
    ['server', server ?? 'no connection'],
    ['verdict', verdict],
    ['try', remedies.size === 0 ? null : [...remedies].slice(0, MAX_REMEDIES)],
  ]);
  return `${renderTable(['state', 'check', 'of', 'reason'], rows)}\n\n${head}`;
}

function isCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERROR_TABLE, code);
}

/** What decides the exit code, the first that fits: no connection, a right, the cloud, everything else. */
function decisive(failed: readonly Check[]): readonly [ErrorCode, Check] | null {
  const of = (id: string): Check | undefined => failed.find((check) => check.id === id);
  const lost = of('cluster') ?? of('identity');
  if (lost !== undefined) return [lost.code !== null && isCode(lost.code) ? lost.code : 'CLUSTER_UNREACHABLE', lost];
  const right = failed.find(({ id }) => id.startsWith('rights-'));
  if (right !== undefined) return ['CLUSTER_FORBIDDEN', right];
  for (const check of failed) if (check.code !== null && isCode(check.code)) return [check.code, check];
  return null;
}

/** What stderr says when not everything works; `null` when it does. What nobody can know is no reason to fail. */
export function doctorNotice({ checks, server }: DoctorDocument): ExhibitError | null {
  const failed = checks.filter(({ state }) => state === 'fails');
  const degraded = checks.filter(({ state }) => state === 'degraded');
  const [first] = [...failed, ...degraded];
  if (first === undefined) return null;
  const [code, check] = decisive(failed) ?? (['DOCTOR_FINDINGS', first] as const);
  const count = `${String(failed.length)} checks fail and ${String(degraded.length)} are degraded`;
  return new ExhibitError(code, `${check.subject}: ${check.reason} (${count})`, {
    ...(server === null ? {} : { subject: server }),
    hints: check.remedy === null ? [] : [check.remedy],
    safe: 'Nothing was changed.',
  });
}
