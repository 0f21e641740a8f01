import { element } from './element.js';
import type { Gap } from './gap-list.js';
import type { PageReport } from './page-report.js';
import { counted, mono, paragraph, section, table } from './view-parts.js';

const FIRST_GAPS = 15;

function gapRows(gaps: readonly Gap[]): HTMLElement {
  const rows = gaps.map(({ artifact, outcome, reason, detail, proof }) => [
    mono(artifact),
    outcome,
    [reason, detail].filter((text) => text !== '').join(': '),
    mono(proof),
  ]);
  return table(['Artifact', 'Outcome', 'Why', 'Proof'], rows);
}

/** What was required and is not there; `null` when the archive could not be read that far. */
export function gapsView({ gaps, gapsTotal, statement, findingsTotal }: PageReport): HTMLElement | null {
  if (statement === null) return null;
  if (gapsTotal === 0) {
    const none = 'every required artifact was collected, or proved to be empty or absent.';
    return section(
      'Gaps',
      paragraph(findingsTotal === 0 ? `None: ${none}` : `The ledger states none; see the findings.`),
    );
  }
  const rest = gaps.slice(FIRST_GAPS);
  const unlisted = gapsTotal - gaps.length;
  const note = `${counted(unlisted, 'further gap')} not listed here; all stand in meta/outcomes.jsonl.`;
  const summary = element('summary', {}, `${rest.length.toLocaleString('en')} more`);
  return section(
    `Gaps (${gapsTotal.toLocaleString('en')})`,
    paragraph('What was required and not obtained in full. Whoever reads the payload must know of these first.'),
    gapRows(gaps.slice(0, FIRST_GAPS)),
    rest.length === 0 ? null : element('details', {}, summary, gapRows(rest)),
    unlisted === 0 ? null : paragraph(note),
  );
}

/** What is not as it must be; `null` when there is nothing. */
export function findingsView({ findings, findingsTotal }: PageReport): HTMLElement | null {
  if (findingsTotal === 0) return null;
  const rows = findings.map(({ check, path, expected, found }) => [
    check,
    mono(path === '' ? 'the container' : path),
    mono(expected),
    mono(found),
  ]);
  const unlisted = findingsTotal - findings.length;
  return section(
    `Findings (${findingsTotal.toLocaleString('en')})`,
    table(['Check', 'Where', 'Expected', 'Found'], rows),
    unlisted === 0 ? null : paragraph(`${counted(unlisted, 'finding')} more, counted and not listed.`),
  );
}
