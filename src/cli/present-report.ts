import { ExhibitError } from '../model/errors.js';
import type { Verdict, VerifyReport } from '../model/verdict.js';
import { escapeForTerminal } from '../lib/terminal-escape.js';
import { shellWord } from '../lib/shell-word.js';
import { renderTable } from './table.js';
import { verdictLines } from './verdict-text.js';

const SHOWN_FINDINGS = 20;

function renderFindings({ findings, findingsTotal }: VerifyReport): string[] {
  if (findingsTotal === 0) return [];
  const shown = findings.slice(0, SHOWN_FINDINGS);
  const lines = shown.map(({ check, path, expected, found }) => {
    const where = path === '' ? 'the archive' : escapeForTerminal(path);
    return `  ${check}: ${where}: expected ${escapeForTerminal(expected, 200)}, found ${escapeForTerminal(found, 200)}`;
  });
  const more = findingsTotal - shown.length;
  return ['', 'Findings:', ...lines, ...(more > 0 ? [`  and ${String(more)} more`] : [])];
}

function renderAlarms({ alarms }: VerifyReport): string[] {
  if (alarms.length === 0) return [];
  return ['', 'Look at this:', ...alarms.map((alarm) => `  ${escapeForTerminal(alarm, 300)}`)];
}

/** The verdict first, then who signed, what was checked, and each finding. */
export function presentReport(report: VerifyReport, columns: number): string {
  const { signer, checks } = report;
  const signed =
    signer === null
      ? []
      : [
          `signed by ${escapeForTerminal(signer.fingerprint)}${signer.principal === null ? '' : ` (${escapeForTerminal(signer.principal)})`}`,
        ];
  return [
    ...verdictLines(report, columns),
    ...signed,
    '',
    renderTable(
      ['check', 'result', 'detail'],
      checks.map(({ check, result, detail }) => [check, result, detail]),
    ),
    ...renderFindings(report),
    ...renderAlarms(report),
  ].join('\n');
}

const HINTS: Partial<Record<Verdict, (archive: string) => readonly string[]>> = {
  UNTRUSTED_SIGNER: () => ['exhibit verify ARCHIVE --allowed-signers FILE', 'exhibit key trust FILE --principal WHO'],
  INTACT_UNTIMESTAMPED: (archive) => [
    `exhibit verify ${archive} --tsa-ca FILE`,
    `exhibit custody retimestamp ${archive} --tsa URL`,
  ],
};

/** What stderr says of a verdict that is not a success; `null` for exit 0. */
export function verdictNotice(report: VerifyReport): ExhibitError | null {
  if (report.exitCode === 0) return null;
  const show = `exhibit show ${shellWord(report.archive)}`;
  if (report.exitCode === 3) {
    return new ExhibitError(
      'COLLECT_PARTIAL',
      'the archive verifies, but it has gaps and --require-complete was given',
      { subject: report.archive, hints: [show] },
    );
  }
  const hints = HINTS[report.verdict]?.(shellWord(report.archive)) ?? [];
  return new ExhibitError('VERIFY_FAILED', `the verdict is ${report.verdict}`, { subject: report.archive, hints });
}
