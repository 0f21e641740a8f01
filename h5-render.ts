import { writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { handoverFacts, hostileFacts, legalTemplate } from './test/fakes/handover-facts.js';
import { renderStartHere } from './src/report/handover/start-here.js';
import { certification } from './src/report/handover/certification.js';
import { verifyInstructions } from './src/report/handover/verify-instructions.js';
import { renderText } from './src/report/handover/render-text.js';
import { renderBlocksPdf } from './src/report/handover/render-blocks-pdf.js';
import { renderCustodyForm } from './src/report/handover/custody-form.js';
import { renderCustodyCsv } from './src/report/handover/custody-csv.js';
import { renderCaseGraph } from './src/report/handover/case-graph.js';
const style = legalTemplate('start-here.css');
const styleSha256 = createHash('sha256').update(style).digest('base64');
for (const [name, facts] of [['good', handoverFacts({privilege:'PRIVILEGED AND CONFIDENTIAL - ATTORNEY WORK PRODUCT'})], ['hostile', hostileFacts()]] as const) {
  const out = (f: string, b: string | Buffer) => writeFileSync(`/tmp/h5/out/${name}-${f}`, b);
  out('start.html', renderStartHere({ page: legalTemplate('start-here.eta'), style, styleSha256 }, facts));
  const blocks = certification(legalTemplate('certification.txt'), facts);
  out('cert.txt', renderText(blocks, facts.privilege));
  out('verify.txt', renderText(verifyInstructions(legalTemplate('verify.txt'), facts), facts.privilege));
  out('cert.pdf', await renderBlocksPdf(blocks, { title: 'Certification', marking: facts.privilege, notice: 'DRAFT - NOT LEGAL ADVICE - NOT A CERTIFICATION UNTIL COMPLETED AND SIGNED', footer: 'Draft', createdMs: 0 }));
  out('form.pdf', await renderCustodyForm(facts));
  out('custody.csv', renderCustodyCsv(facts));
  out('case.jsonld', renderCaseGraph(facts));
}
