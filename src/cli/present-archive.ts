import { escapeForTerminal } from '../lib/terminal-escape.js';
import { NOT_STATED } from '../model/case.js';
import type { ItemRecord } from '../model/artifact.js';
import { OUTCOMES } from '../model/outcome.js';
import type { ArchiveSummary } from '../evidence/archive-reader.js';
import { REDACTIONS } from '../evidence/bag-layout.js';
import { notRequiredText } from './not-obtained.js';
import { renderBytes } from './quantities.js';
import { renderFacts, renderTable } from './table.js';

const SHOWN_GAPS = 50;

function presentGaps({ gaps, gapsTotal }: ArchiveSummary): string {
  if (gapsTotal === 0) return 'Gaps: none';
  const lines = gaps
    .slice(0, SHOWN_GAPS)
    .map(({ artifact, outcome, reason, detail }) =>
      escapeForTerminal(`  ${outcome}: ${artifact}: ${reason}${detail === '' ? '' : ` (${detail})`}`, 400),
    );
  const more = gapsTotal - lines.length;
  return [`Gaps: ${String(gapsTotal)}`, ...lines, ...(more > 0 ? [`  and ${String(more)} more`] : [])].join('\n');
}

/** Of which archive it is a copy: who reads it must not take it for the evidence itself. */
function copyText({ derivedFrom }: ArchiveSummary['statement']): readonly string[] | null {
  if (derivedFrom === undefined) return null;
  const { exhibitId, tagmanifestSha256, containerSha256, redactions } = derivedFrom;
  return [
    `of ${exhibitId}; ${String(redactions)} ${redactions === 1 ? 'redaction' : 'redactions'}, listed in ${REDACTIONS}`,
    `its original has tagmanifest sha256 ${tagmanifestSha256}`,
    `and archive sha256 ${containerSha256}`,
  ];
}

/** Gaps first, then what the archive says of itself, then the counts. It says at once that nothing was checked. */
export function presentArchive(summary: ArchiveSummary): string {
  const { statement, collectors, folders } = summary;
  const { authority, operator, tool } = statement;
  const facts = renderFacts([
    ['exhibit', `${statement.exhibitId} (${statement.kind}, ${statement.completeness})`],
    ['redacted copy', copyText(statement)],
    ['authority', authority === NOT_STATED ? NOT_STATED : `${authority.by}, ${authority.at}, ${authority.ground}`],
    [
      'operator',
      `${operator.apiIdentity?.username ?? 'unknown to the cluster'}; ${operator.osUser} on ${operator.host}`,
    ],
    ['cluster', statement.scope?.apiServer ?? 'none was asked'],
    ['nodes', statement.scope === null || statement.scope.nodes.length === 0 ? null : statement.scope.nodes.join(', ')],
    ['created', statement.createdAt],
    ['tool', `${tool.name} ${tool.version} (${tool.programDigest.slice(0, 16)})`],
    ['not required', notRequiredText(statement.outcomeCounts, summary.gapsTotal)],
    ['payload', `${String(statement.payloadFiles)} files, ${renderBytes(statement.payloadBytes)}`],
    ['sha256', summary.containerSha256],
  ]);
  const shownOutcomes = OUTCOMES.filter((outcome) => statement.outcomeCounts[outcome] > 0);
  const counts = renderTable(
    ['collector', ...shownOutcomes, 'files', 'bytes'],
    collectors.map((entry) => [
      entry.collector,
      ...shownOutcomes.map((outcome) => String(entry.outcomes[outcome])),
      String(entry.items),
      renderBytes(entry.sizeBytes),
    ]),
  );
  const contents = renderTable(
    ['folder', 'files', 'bytes'],
    folders.map(({ folder, files, sizeBytes }) => [folder, String(files), renderBytes(sizeBytes)]),
  );
  return [
    'Not verified: this is what the archive says of itself.',
    '',
    presentGaps(summary),
    '',
    facts,
    '',
    counts,
    '',
    contents,
  ].join('\n');
}

/** Payload files with size, outcome and hash. */
export function presentItems(items: readonly ItemRecord[], total: number): string {
  const rows = items.map(({ path, sizeBytes, outcome, sensitivity, sha256 }) => [
    String(sizeBytes),
    outcome,
    sensitivity,
    sha256.slice(0, 16),
    path,
  ]);
  const more = total - items.length;
  return (
    renderTable(['bytes', 'outcome', 'sensitivity', 'sha256', 'path'], rows) +
    (more > 0 ? `\nand ${String(more)} more; -o ndjson lists all` : '')
  );
}
