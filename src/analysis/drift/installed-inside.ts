import { DRIFT_SEVERITIES, type DriftFinding } from '../../model/drift.js';
import type { EntryPackages } from '../packages/entry-packages.js';

/** What a package manager does to files: it puts them there. Rights, places of start and credentials are more than that. */
const LOWERED = new Set(['X1', 'X2']);

/**
 * What a package brought that the container's own package manager installed counts one step less, as a new or changed program. No more:
 * the database says so, and whoever owns the container writes it.
 */
export function withOwnPackage(findings: readonly DriftFinding[], packages: EntryPackages | null): DriftFinding[] {
  const own = packages?.own ?? null;
  if (own?.verdict !== 'unmodified' || packages?.image.verdict === 'unmodified') return [...findings];
  const name = `${own.package ?? ''} ${own.version ?? ''}`.trim().slice(0, 200);
  const why = `Package ${name} has it so, by the word of the container's own database.`;
  const lowered = findings.map((one) =>
    LOWERED.has(one.driftClass)
      ? { ...one, severity: DRIFT_SEVERITIES[DRIFT_SEVERITIES.indexOf(one.severity) + 1] ?? ('info' as const) }
      : one,
  );
  return [...lowered, { driftClass: 'X7', rule: 'installed-inside', severity: 'info', why }];
}
