import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { renderCaseGraph } from '../../src/report/handover/case-graph.js';
import { certification } from '../../src/report/handover/certification.js';
import { renderCustodyCsv } from '../../src/report/handover/custody-csv.js';
import { renderText } from '../../src/report/handover/render-text.js';
import { renderStartHere } from '../../src/report/handover/start-here.js';
import { textBlocks } from '../../src/report/handover/text-blocks.js';
import { verifyInstructions } from '../../src/report/handover/verify-instructions.js';
import { handoverFacts, legalTemplate } from '../fakes/handover-facts.js';

/** What people read of a package, word for word: a change of a legal text is seen as one. */
const EXPECTED = join(import.meta.dirname, 'handover');

const facts = handoverFacts({ privilege: 'PRIVILEGED AND CONFIDENTIAL' });
const { privilege } = facts;
const style = legalTemplate('start-here.css');

const documents: Readonly<Record<string, string>> = {
  'certification-draft.txt': renderText(certification(legalTemplate('certification.txt'), facts), privilege),
  'VERIFY.txt': renderText(verifyInstructions(legalTemplate('verify.txt'), facts), privilege),
  'PRIVILEGE.txt': renderText(textBlocks(legalTemplate('privilege.txt'), { privilege }), privilege),
  'START-HERE.html': renderStartHere(
    {
      page: legalTemplate('start-here.eta'),
      style,
      styleSha256: createHash('sha256').update(style).digest('base64'),
    },
    facts,
  ),
  'custody.csv': renderCustodyCsv(facts),
  'case.jsonld': renderCaseGraph(facts),
};

describe('the documents of a hand-over', () => {
  it.each(Object.entries(documents))('%s says what it said before', (name, text) => {
    expect(text).toBe(readFileSync(join(EXPECTED, name), 'utf8'));
  });
});
