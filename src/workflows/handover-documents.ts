import { parseInstant } from '../lib/clock.js';
import type { PackageFolder } from '../evidence/handover/package-folder.js';
import { renderCaseGraph } from '../report/handover/case-graph.js';
import { certification } from '../report/handover/certification.js';
import { renderCustodyCsv } from '../report/handover/custody-csv.js';
import { renderCustodyForm } from '../report/handover/custody-form.js';
import type { HandoverFacts } from '../report/handover/handover-facts.js';
import { renderBlocksPdf } from '../report/handover/render-blocks-pdf.js';
import { renderText } from '../report/handover/render-text.js';
import { renderStartHere } from '../report/handover/start-here.js';
import { textBlocks } from '../report/handover/text-blocks.js';
import { verifyInstructions } from '../report/handover/verify-instructions.js';

/** The texts of templates/legal. */
export interface LegalTemplates {
  readonly certification: string;
  readonly verify: string;
  readonly privilege: string;
  /** Eta. */
  readonly startHere: string;
  readonly style: string;
  /** SHA-256 of `style` in base64. */
  readonly styleSha256: string;
}

/** Writes every document of a package that is made from its facts. */
export async function writeHandoverDocuments(
  folder: PackageFolder,
  templates: LegalTemplates,
  facts: HandoverFacts,
): Promise<void> {
  const { privilege, statement, preparedAt } = facts;
  const blocks = certification(templates.certification, facts);
  await folder.write(
    'START-HERE.html',
    renderStartHere({ page: templates.startHere, style: templates.style, styleSha256: templates.styleSha256 }, facts),
  );
  await folder.write('certification-draft.txt', renderText(blocks, privilege));
  await folder.write(
    'certification-draft.pdf',
    await renderBlocksPdf(blocks, {
      title: `Draft certification ${statement.exhibitId}`,
      marking: privilege,
      notice: 'DRAFT - NOT LEGAL ADVICE - NO CERTIFICATION UNTIL COMPLETED AND SIGNED',
      footer: `Draft certification, exhibit ${statement.exhibitId}, made ${preparedAt}`,
      createdMs: parseInstant(preparedAt) ?? 0,
    }),
  );
  await folder.write('custody-form.pdf', await renderCustodyForm(facts));
  await folder.write('custody.csv', renderCustodyCsv(facts));
  await folder.write('case.jsonld', renderCaseGraph(facts));
  await folder.write('VERIFY.txt', renderText(verifyInstructions(templates.verify, facts), privilege));
  if (privilege !== null)
    await folder.write('PRIVILEGE.txt', renderText(textBlocks(templates.privilege, { privilege }), privilege));
}
