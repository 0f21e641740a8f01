import type { PackageFindings } from '../analysis/packages/read-package-findings.js';
import type { CoverageSummary } from '../evidence/outcome-coverage.js';
import { escapeForTerminal } from '../lib/terminal-escape.js';

const SHOWN = 20;

const shown = (pathB64: string): string => escapeForTerminal(Buffer.from(pathB64, 'base64').toString('latin1'), 200);

function listed(lines: readonly string[], total: number): string[] {
  const first = lines.slice(0, SHOWN).map((line) => `  ${line}`);
  return total > first.length ? [...first, `  and ${total - first.length} more`] : first;
}

/** What was expected of each node and is missing; empty when no artifact says what was expected. */
export function presentCoverage(coverage: readonly CoverageSummary[]): string {
  return coverage
    .flatMap(({ place, expected, found, missing }) => [
      escapeForTerminal(`Coverage of ${place}: ${found} of ${expected} expected artifacts`, 300),
      ...listed(
        missing.map((one) => escapeForTerminal(`missing: ${one}`, 200)),
        expected - found,
      ),
    ])
    .join('\n');
}

/** Executables that are not what their package says; empty when no node had both. */
export function presentPackages(findings: readonly PackageFindings[]): string {
  return findings
    .flatMap(({ node, modified, modifiedTotal, notOwnedTotal, unmodified, configured, notComparable, limits }) => [
      escapeForTerminal(
        `Executables of ${node}: ${unmodified} as their package has them, ${modifiedTotal} modified, ` +
          `${notOwnedTotal} of no package, ${configured} configured, ${notComparable} not comparable` +
          (limits.length === 0 ? '' : ` (${limits.join(', ')})`),
        400,
      ),
      ...listed(
        modified.map(
          (one) =>
            `modified: ${shown(one.pathB64)} (${escapeForTerminal(`${one.package} ${one.version ?? ''}`.trimEnd(), 200)})`,
        ),
        modifiedTotal,
      ),
    ])
    .join('\n');
}
