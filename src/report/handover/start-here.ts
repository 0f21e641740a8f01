import { Eta } from 'eta/core';
import type { HandoverFacts } from './handover-facts.js';
import {
  apiIdentityLine,
  authorityLine,
  custodyWords,
  gapReason,
  kindWarning,
  outcomesLine,
  scopeLine,
  signerLine,
} from './exhibit-words.js';
import { receiptCode, svgPathOf } from './receipt-code.js';
import { isGoodVerdict, meaningOf, receiptWords, timeWords } from './verdict-words.js';
import { visibleText } from './visible-text.js';

const SHOWN_GAPS = 25;
const MAX_FACT = 1500;

const LIMITS = [
  'That what the cluster, a node or a container said was true. Whoever controlled one of them before the collection could have changed its records.',
  'That nothing else ever existed. Only what was planned was looked for; the plan is in the archive.',
  'Which person used the signing key, or that nobody else held a copy of it.',
  'That the holder of the key did not seal something else under the same number, unless the archive is compared with a receipt that was kept elsewhere.',
  'When the archive was sealed, unless a time-stamping authority is named above.',
  'That no event was removed at the end of the record of custody: compare it with the copy of the other party.',
  'Anything about disk snapshots and other things outside the archive: they were not checked again.',
  'That a court will admit any of it. That is for the court.',
] as const;

export interface StartHereTemplate {
  /** Eta, with escaping on. */
  readonly page: string;
  readonly style: string;
  /** Of the stylesheet between its tags, in base64: the only thing that the page's policy lets in. */
  readonly styleSha256: string;
}

function factRows(facts: HandoverFacts): { readonly name: string; readonly text: string }[] {
  const { statement, report, receipt, caseWords, acquisition } = facts;
  const { operator } = statement;
  const rows: readonly (readonly [string, string | null])[] = [
    ['Case', statement.caseId],
    ['Your reference', caseWords?.reference ?? null],
    ['Reason', caseWords?.reason ?? null],
    ['Purpose of this copy', facts.purpose],
    ['Classification', statement.classification],
    ['Legal hold', statement.holdId],
    ['Ordered by', authorityLine(statement)],
    ['Asked for', scopeLine(statement)],
    ['Collected by', `${operator.osUser} on ${operator.host}; the cluster knew them as ${apiIdentityLine(statement)}`],
    ['Begun', acquisition.lines[0]?.at ?? null],
    ['Sealed', `${statement.createdAt}, by the clock of that machine`],
    ['Time proven?', timeWords(report)],
    ['Signed with', signerLine(report, facts.trustSource)],
    ['Receipt', receiptWords(report, receipt?.wasGiven ?? null)],
    ['Custody', custodyWords(facts)],
    ['Contents', `${String(statement.payloadFiles)} files, ${String(statement.payloadBytes)} bytes`],
    ['Marked secret', secretWords(facts)],
    ['SHA-256', facts.archive.sha256],
  ];
  return rows.flatMap(([name, text]) => (text === null ? [] : [{ name, text: visibleText(text, MAX_FACT) }]));
}

function secretWords({ archive }: HandoverFacts): string {
  if (archive.isEncrypted) return 'The archive is encrypted; what is inside was checked before it was packed.';
  if (archive.secretItems === 0) return 'No file of the archive is marked as secret by what collected it.';
  return `${String(archive.secretItems)} files of the archive are secrets, such as keys or passwords, and are NOT encrypted.`;
}

function contents(facts: HandoverFacts): { readonly name: string; readonly text: string }[] {
  const { archive, receipt, privilege, custody, hasVerifyPage } = facts;
  const rows: readonly (readonly [string, string] | null)[] = [
    ['START-HERE.html', 'This page.'],
    privilege === null ? null : ['PRIVILEGE.txt', 'The marking that stands at the top of every document.'],
    [archive.path, `The sealed archive${archive.isEncrypted ? ', encrypted with age' : ''}. This is the evidence.`],
    receipt === null ? null : [receipt.path, 'The receipt of the seal.'],
    custody.events.length === 0
      ? null
      : ['evidence/*.custody/', 'Signed events since the seal: who had it, when, why.'],
    ['custody.csv', 'The record of custody as a table: collection and what came after.'],
    ['custody-form.pdf', 'The custody form, with lines for signatures by hand.'],
    ['certification-draft.pdf, .txt', 'A draft for a qualified person to check, complete and sign. Not legal advice.'],
    ['case.jsonld', 'The same facts for case management programs (CASE/UCO ontology 1.4.0).'],
    ['VERIFY.txt', 'How to check all this, in three ways.'],
    hasVerifyPage ? ['verify.html', 'The third way; better taken from the release of the program.'] : null,
    ['MANIFEST.txt', 'SHA-256 of every file of this package. Not signed.'],
  ];
  return rows.flatMap((row) => (row === null ? [] : [{ name: row[0], text: row[1] }]));
}

function verdictClass({ report }: HandoverFacts): 'good' | 'warn' | 'bad' {
  if (!isGoodVerdict(report.verdict)) return 'bad';
  return report.verdict === 'VERIFIED' ? 'good' : 'warn';
}

/** START-HERE.html: one page without script, which loads nothing. Every text from elsewhere is made visible and then escaped by Eta. */
export function renderStartHere({ page, style, styleSha256 }: StartHereTemplate, facts: HandoverFacts): string {
  const { report, statement, receipt } = facts;
  const code = receipt === null ? null : receiptCode(receipt.text);
  const gaps = facts.gaps.slice(0, SHOWN_GAPS);
  const optional = (text: string | null): string | null => (text === null ? null : visibleText(text));
  return new Eta({ autoEscape: true, autoTrim: [false, 'nl'] }).renderString(page, {
    style,
    styleSha256,
    exhibitId: statement.exhibitId,
    privilege: optional(facts.privilege),
    preparedAt: facts.preparedAt,
    preparedBy: visibleText(facts.preparedBy),
    recipient: optional(facts.recipient),
    checkerVersion: visibleText(facts.tool.version),
    kindWarning: kindWarning(statement),
    verdictClass: verdictClass(facts),
    verdict: report.verdict,
    meaning: meaningOf(report.verdict),
    alarms: report.alarms.map((alarm) => visibleText(alarm)),
    gaps: gaps.map((gap) => ({
      artifact: visibleText(gap.artifact, 300),
      outcome: gap.outcome,
      why: visibleText(gapReason(gap), 300),
    })),
    gapsTotal: facts.gapsTotal,
    gapsNotShown: facts.gapsTotal - gaps.length,
    outcomesLine: outcomesLine(statement),
    facts: factRows(facts),
    contents: contents(facts),
    verifyPageWords: facts.hasVerifyPage
      ? 'The copy of verify.html in this package is a convenience: take the page from the release of the program instead, or compare its SHA-256 with the one that the release publishes.'
      : 'Take verify.html, or its published SHA-256, from the release of the program.',
    limits: LIMITS,
    receiptText: receipt === null ? null : visibleText(receipt.text),
    codeSize: code?.size ?? 0,
    codePath: code === null ? '' : svgPathOf(code),
  });
}
