import { escapeForTerminal } from '../lib/terminal-escape.js';
import type { CustodyForm, CustodyFormEvent, CustodyFormTransfer, CustodySignatory } from '../model/custody-form.js';
import { renderFacts } from './table.js';

const LINE = '_'.repeat(40);
const RULE = '-'.repeat(78);

function signed(by: CustodySignatory | null): string {
  if (by === null) return 'no good signature';
  return by.principal === null
    ? `${by.fingerprint} (nobody vouches for this key)`
    : `${by.principal} ${by.fingerprint}`;
}

const NOT_TAKEN_OVER: readonly string[] = ['TAMPERED', 'UNDETERMINED'];

/** Whether the transfer is complete, and if not, what it lacks. */
function stateOf({ receivedAt, receiverSignature, verifiedByReceiver }: CustodyFormTransfer): string {
  if (receivedAt === null) return 'NOT COMPLETE: no countersignature';
  if (verifiedByReceiver === null) return 'NOT COMPLETE: the receiver did not verify the archive';
  if (NOT_TAKEN_OVER.includes(verifiedByReceiver))
    return `NOT COMPLETE: the receiver found the archive to be ${verifiedByReceiver}`;
  return receiverSignature?.principal === null ? 'countersigned, by a key that nobody vouches for' : 'complete';
}

function transferLines(form: CustodyForm): string[] {
  if (form.transfers.length === 0) return ['None.'];
  return form.transfers.flatMap((transfer, index) => [
    `${String(index + 1)}. ${stateOf(transfer)}`,
    renderFacts([
      ['   released by', transfer.releasedBy ?? LINE],
      ['   released at', transfer.releasedAt],
      ['   key', signed(transfer.releaserSignature)],
      ['   signature', LINE],
      ['   received by', transfer.receivedBy ?? LINE],
      ['   received at', transfer.receivedAt ?? LINE],
      ['   key', transfer.receivedAt === null ? LINE : signed(transfer.receiverSignature)],
      ['   signature', LINE],
      ['   purpose', transfer.purpose ?? LINE],
      ['   hash verified', transfer.verifiedByReceiver === null ? 'no' : `yes, verdict ${transfer.verifiedByReceiver}`],
    ]),
  ]);
}

function eventLines(event: CustodyFormEvent): string {
  return renderFacts([
    [`${String(event.seq)}. ${event.event}`, event.at],
    ['   key', signed(event.signedBy)],
    ['   from', event.from],
    ['   to', event.to],
    ['   place', event.location],
    ['   purpose', event.purpose],
    ['   authority', event.authority],
    ['   archive', event.verdict ?? 'not verified'],
    ['   remarks', event.remarks],
    ...Object.entries(event.data).map(([name, value]) => [`   ${name}`, String(value)] as const),
  ]);
}

/** The form of chain of custody as plain text of printable ASCII, with lines to sign on by hand. */
export function presentCustodyForm(form: CustodyForm): string {
  const unknown = (value: string | null): string => value ?? 'not known';
  return [
    'CHAIN OF CUSTODY',
    RULE,
    renderFacts([
      ['case', unknown(form.caseNumber)],
      ['item', form.itemNumber],
      ['description', form.description],
      ['source', unknown(form.source)],
      ['collected by', unknown(form.collectedBy)],
      ['collected at', form.collectedAt === null ? 'not known' : `${form.collectedAt} (UTC)`],
      ['place', unknown(form.place)],
      ['method', unknown(form.method)],
      ['authority', unknown(form.authority)],
      ['condition', unknown(form.condition)],
      ['classification', form.classification],
      ['hold', form.hold ?? 'none'],
      ...form.hashes.map(({ of, algorithm, value }) => [`${algorithm} of ${of}`, value] as const),
      ['sealed by key', unknown(form.sealedBy)],
      ['stored at', unknown(form.storageLocation)],
    ]),
    '',
    'TRANSFERS',
    RULE,
    ...transferLines(form),
    '',
    'ALL EVENTS',
    RULE,
    ...(form.events.length === 0 ? ['None.'] : form.events.map(eventLines)),
    '',
    'FINAL DISPOSITION',
    RULE,
    form.disposition === null ? `None. By: ${LINE} On: ${LINE}` : eventLines(form.disposition),
    '',
    `State of this record: ${form.recordVerdict}. Whether events after the last one were removed, only the copy of another party shows.`,
    ...form.remarks.map((remark) => escapeForTerminal(`  ${remark}`, 700)),
  ].join('\n');
}
