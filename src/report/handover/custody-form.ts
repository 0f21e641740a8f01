import { parseInstant } from '../../lib/clock.js';
import type { CustodyFormEvent, CustodyFormTransfer, CustodySignatory } from '../../model/custody-form.js';
import {
  apiIdentityLine,
  authorityLine,
  custodyWords,
  kindWarning,
  outcomesLine,
  scopeLine,
  signerLine,
} from './exhibit-words.js';
import type { HandoverFacts } from './handover-facts.js';
import { PdfPaper } from './pdf-paper.js';
import { receiptCode } from './receipt-code.js';
import { timeWords } from './verdict-words.js';

const TRANSFERS = [
  { heading: 'Released by (name, signature), date and time (UTC)', share: 27 },
  { heading: 'Received by (name, signature), date and time (UTC)', share: 27 },
  { heading: 'Purpose', share: 18 },
  { heading: 'Hash re-verified by the receiver Y/N', share: 12 },
  { heading: 'Keys of the digital signatures', share: 22 },
] as const;

const EVENTS = [
  { heading: 'No.', share: 4 },
  { heading: 'Event, date and time (UTC)', share: 16 },
  { heading: 'By, from, to', share: 24 },
  { heading: 'Purpose, place, remarks', share: 28 },
  { heading: 'Archive checked', share: 12 },
  { heading: 'SHA-256 of the event file', share: 20 },
] as const;

/** Rows without text, for what happens to copies on paper and on media. */
const EMPTY_ROWS = 4;
const SIGNATURE_ROW = 38;
/** Events of the record that the form shows; the rest is in custody.csv. */
const SHOWN_EVENTS = 60;
const CODE_POINTS = 170;

function describe(paper: PdfPaper, facts: HandoverFacts): void {
  const { statement, archive, caseWords } = facts;
  const words = caseWords === null ? [] : [caseWords.reference];
  paper.heading('Item');
  paper.field('Case no.', [statement.caseId, ...words].join(', '));
  paper.field('Item no.', `${statement.exhibitId}, number ${String(statement.sequence)} of the case`);
  paper.field(
    'Description',
    `Sealed archive of records from a Kubernetes cluster, ${archive.path}, ${String(archive.sizeBytes)} bytes${
      archive.isEncrypted ? ', encrypted with age' : ''
    }; ${String(statement.payloadFiles)} files with ${String(statement.payloadBytes)} bytes; kind ${statement.kind}`,
  );
  paper.field('Source, serial no. or cloud resource', scopeLine(statement));
  paper.field(
    'Reason and authority',
    [...(caseWords === null ? [] : [caseWords.reason]), authorityLine(statement)].join('; '),
  );
}

function describeCollection(paper: PdfPaper, { statement, acquisition, report }: HandoverFacts): void {
  const { operator, tool } = statement;
  paper.heading('Collection');
  paper.field('Collected by', `${operator.osUser}; known to the cluster as ${apiIdentityLine(statement)}`);
  paper.field('Date and time (UTC)', `${acquisition.lines[0]?.at ?? 'not known'} to ${statement.createdAt}`);
  paper.field('Independent time', timeWords(report));
  paper.field('Place', `the machine ${operator.host}, over the network`);
  paper.field(
    'Method, tool, version, hash',
    `read through the Kubernetes API; exhibit ${tool.version}, commit ${tool.commit}, program SHA-256 ${tool.programDigest}`,
  );
}

function describeSeal(paper: PdfPaper, facts: HandoverFacts): void {
  const { statement, report, archive, custody } = facts;
  const { hold, storageLocation } = custody.form;
  paper.heading('Condition and seal');
  paper.field('Condition', `${statement.completeness}: ${outcomesLine(statement)}; ${String(facts.gapsTotal)} gaps`);
  paper.field('Hash of the item (SHA-256)', archive.sha256);
  if (archive.isEncrypted) paper.field('Hash of what is inside (SHA-256)', report.containerSha256 ?? 'not known');
  paper.field('Seal no. (SHA-256 of the list of files)', report.tagmanifestSha256 ?? 'not known');
  paper.field('Sealed with', signerLine(report, facts.trustSource));
  paper.field('Checked', `${facts.preparedAt} by ${facts.preparedBy}: ${report.line}`);
  paper.field('Legal hold', hold ?? 'none recorded');
  if (storageLocation !== null) paper.field('Storage location, as last recorded', storageLocation);
  paper.blank(storageLocation === null ? 'Storage location' : 'Storage location now');
}

function signatory(who: CustodySignatory | null): string {
  if (who === null) return 'none';
  return `${who.fingerprint.slice(0, 19)}...${who.principal === null ? ' (not vouched for)' : ` (${who.principal})`}`;
}

function transferRow(transfer: CustodyFormTransfer): string[] {
  const { releasedBy, releasedAt, receivedBy, receivedAt, verifiedByReceiver } = transfer;
  const isReceived = receivedAt !== null;
  return [
    `${releasedBy ?? ''} ${releasedAt}`.trim(),
    `${receivedBy ?? ''} ${receivedAt ?? '(not countersigned yet)'}`.trim(),
    transfer.purpose ?? '',
    isReceived ? (verifiedByReceiver === null ? 'N' : `Y: ${verifiedByReceiver}`) : '',
    `released: ${signatory(transfer.releaserSignature)}; received: ${isReceived ? signatory(transfer.receiverSignature) : 'open'}`,
  ];
}

function eventRow(event: CustodyFormEvent): string[] {
  const who = [
    signatory(event.signedBy),
    ...(event.from === null ? [] : [`from ${event.from}`]),
    ...(event.to === null ? [] : [`to ${event.to}`]),
  ];
  const why = [event.purpose, event.location, event.authority, event.remarks].filter((text) => text !== null);
  return [
    String(event.seq),
    `${event.event} ${event.at}`,
    who.join(', '),
    why.join('; '),
    event.verdict ?? 'no',
    `${event.sha256.slice(0, 24)}...`,
  ];
}

function describeCustody(paper: PdfPaper, facts: HandoverFacts): void {
  const { transfers, events } = facts.custody.form;
  paper.heading('Chain of custody');
  paper.paragraph(custodyWords(facts));
  const empty = Array.from({ length: EMPTY_ROWS }, () => TRANSFERS.map(() => ''));
  paper.table(TRANSFERS, [...transfers.slice(0, SHOWN_EVENTS).map(transferRow), ...empty], SIGNATURE_ROW);
  if (events.length === 0) return;
  paper.heading('Every event since the seal');
  paper.table(EVENTS, events.slice(0, SHOWN_EVENTS).map(eventRow));
  const more = events.length - SHOWN_EVENTS;
  if (more > 0) paper.paragraph(`${String(more)} more events are in custody.csv.`);
}

/** custody-form.pdf: the fields that forms of evidence ask for, filled in from the archive, with lines for signatures by hand. */
export async function renderCustodyForm(facts: HandoverFacts): Promise<Buffer> {
  const { statement, receipt, preparedAt } = facts;
  const paper = new PdfPaper({
    title: `Custody form ${statement.exhibitId}`,
    marking: facts.privilege,
    notice: null,
    footer: `Custody form, exhibit ${statement.exhibitId}, made ${preparedAt}`,
    createdMs: parseInstant(preparedAt) ?? 0,
  });
  paper.title('Evidence custody form');
  const warning = kindWarning(statement);
  if (warning !== null) paper.paragraph(warning, true);
  describe(paper, facts);
  describeCollection(paper, facts);
  describeSeal(paper, facts);
  describeCustody(paper, facts);
  paper.heading('Final disposition');
  paper.blank('Disposition (returned, kept, destroyed), date');
  paper.blank('Authority for it, name and signature');
  if (receipt !== null) {
    paper.heading('Receipt of the seal');
    paper.paragraph('Compare it with the receipt that was sent away when the archive was sealed.');
    paper.code(receiptCode(receipt.text), CODE_POINTS, receipt.text);
  }
  return await paper.finish();
}
