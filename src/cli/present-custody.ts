import { basename } from 'node:path';
import type { z } from 'zod';
import { escapeForTerminal } from '../lib/terminal-escape.js';
import { shellWord } from '../lib/shell-word.js';
import { ExhibitError } from '../model/errors.js';
import type { CustodyVerdict } from '../model/post-seal-custody.js';
import type { CustodyAdded } from '../workflows/custody-add.js';
import type { CustodyRecordRead } from '../workflows/custody-record.js';
import type { custodyListResult, custodyVerifyResult } from './results/custody-results.js';
import { renderFacts, renderTable } from './table.js';
import { wrapText } from './wrap-text.js';

const SHOWN_FINDINGS = 20;
const NARROWEST = 40;

const MEANING: Readonly<Record<CustodyVerdict, string>> = {
  CUSTODY_EMPTY: 'there is no custody event beside the archive',
  CUSTODY_BROKEN: 'the record is not as it was signed',
  CUSTODY_UNTRUSTED: 'the record is unbroken, but nobody vouched from outside for a key that signed in it',
  CUSTODY_OPEN: 'the record is unbroken, but not all of it is complete',
  CUSTODY_INTACT:
    'each event follows from the one before it and is signed by a trusted key, each transfer by both sides',
};

const EXIT: Readonly<Record<CustodyVerdict, number>> = {
  CUSTODY_EMPTY: 4,
  CUSTODY_BROKEN: 4,
  CUSTODY_UNTRUSTED: 4,
  CUSTODY_OPEN: 3,
  CUSTODY_INTACT: 0,
};

/** Verdict, first finding, and what the folder alone cannot show. Printable ASCII. */
function lineOf({ verdict, reading, findings, comparison }: CustodyRecordRead): string {
  const first =
    reading.firstBreak ?? findings.find(({ kind }) => kind === 'missing' || kind === 'forked') ?? findings[0];
  const place =
    first === undefined ? '' : `; first: ${first.kind}${first.file === '' ? '' : ` ${first.file}`}: ${first.detail}`;
  const count = `${String(reading.events)} ${reading.events === 1 ? 'event' : 'events'}`;
  return `${verdict}: ${count}; ${MEANING[verdict]}${place}; ${tailText(comparison)}.`;
}

function tailText(comparison: CustodyRecordRead['comparison']): string {
  if (comparison === null)
    return 'not checked: whether events after the last one were removed, which only the copy of another party shows (--compare), and the archive itself (verify)';
  const { result, same, onlyHere, verdict } = comparison;
  const there = verdict === 'CUSTODY_BROKEN' ? ', which is not in order itself' : '';
  const texts: Record<typeof result, string> = {
    same: `the other copy${there} has the same ${String(same)} events`,
    ahead: `the other copy${there} ends ${String(onlyHere.length)} events before this one`,
    behind: `the other copy${there} goes on`,
    forked: `the other copy${there} agrees on ${String(same)} events only`,
  };
  return `${texts[result]}; not checked: the archive itself (verify)`;
}

/** The result of custody verify. */
export function custodyVerifyOf(archive: string, read: CustodyRecordRead): z.infer<typeof custodyVerifyResult> {
  const { verdict, reading, findings, findingsTotal, comparison } = read;
  return {
    archive,
    exhibitId: reading.exhibit.exhibitId,
    folder: reading.folder,
    verdict,
    exitCode: EXIT[verdict],
    events: reading.events,
    headSha256: reading.headSha256,
    findings,
    findingsTotal,
    comparison,
    line: lineOf(read),
  };
}

/** The result of custody list: one row an event. */
export function custodyListOf(archive: string, read: CustodyRecordRead): z.infer<typeof custodyListResult> {
  const { verdict, reading, events, findings, findingsTotal } = read;
  return {
    archive,
    exhibitId: reading.exhibit.exhibitId,
    folder: reading.folder,
    verdict,
    events: events.map(({ record, name, sha256, signature }) => {
      const { seq, event, at, signer, answers, verified } = record;
      const { from, to, location, purpose, authority, remarks, data } = record;
      const principal = signature?.trust.principal ?? null;
      const said = { from, to, location, purpose, authority, remarks, data };
      return {
        seq,
        event,
        at,
        file: name,
        sha256,
        signer,
        principal,
        answers,
        verdict: verified?.verdict ?? null,
        ...said,
      };
    }),
    findings,
    findingsTotal,
  };
}

type Found = Pick<z.infer<typeof custodyVerifyResult>, 'findings' | 'findingsTotal'>;

function findingLines({ findings, findingsTotal }: Found): string[] {
  if (findingsTotal === 0) return [];
  const lines = findings
    .slice(0, SHOWN_FINDINGS)
    .map(({ kind, file, detail }) => escapeForTerminal(`  ${kind}: ${file === '' ? 'folder' : file}: ${detail}`, 700));
  const more = findingsTotal - lines.length;
  return ['', 'Findings:', ...lines, ...(more > 0 ? [`  and ${String(more)} more`] : [])];
}

export function presentCustodyVerify(result: z.infer<typeof custodyVerifyResult>, columns: number): string {
  const line = wrapText(escapeForTerminal(result.line, 4000), Math.max(NARROWEST, columns));
  const facts = renderFacts([
    ['exhibit', result.exhibitId],
    ['folder', result.folder],
    ['head', result.headSha256],
  ]);
  return [...line, '', facts, ...findingLines(result)].join('\n');
}

/** What stderr says of a record that is not in order; `null` for exit 0. */
export function custodyNotice({ verdict, archive, folder }: z.infer<typeof custodyVerifyResult>): ExhibitError | null {
  const add = `exhibit custody add transfer-in ${shellWord(archive)} --from WHO`;
  switch (verdict) {
    case 'CUSTODY_INTACT':
      return null;
    case 'CUSTODY_OPEN':
      return new ExhibitError('CUSTODY_OPEN', MEANING[verdict], { subject: folder, hints: [add] });
    case 'CUSTODY_UNTRUSTED':
      return new ExhibitError('CUSTODY_UNPROVEN', MEANING[verdict], {
        subject: folder,
        hints: ['exhibit custody verify ARCHIVE --allowed-signers FILE', 'exhibit key trust FILE --principal WHO'],
      });
    case 'CUSTODY_EMPTY':
      return new ExhibitError('CUSTODY_UNPROVEN', MEANING[verdict], { subject: folder });
    case 'CUSTODY_BROKEN':
      return new ExhibitError('CUSTODY_BROKEN', MEANING[verdict], {
        subject: folder,
        hints: ['exhibit custody verify ARCHIVE --compare FOLDER'],
      });
  }
}

export function presentCustodyList(result: z.infer<typeof custodyListResult>, line: string): string {
  const rows = result.events.map(({ seq, at, event, principal, signer, from, to, verdict, purpose }) => [
    String(seq),
    at,
    event,
    principal ?? `untrusted ${signer.slice(0, 19)}`,
    from ?? '',
    to ?? '',
    verdict ?? 'not verified',
    purpose ?? '',
  ]);
  const table = renderTable(['#', 'at', 'event', 'signed by', 'from', 'to', 'archive', 'purpose'], rows);
  return [escapeForTerminal(line, 4000), ...(rows.length === 0 ? [] : ['', table]), ...findingLines(result)].join('\n');
}

export function presentCustodyAdded(added: CustodyAdded, archive: string, principal: string | null): string {
  const facts = renderFacts([
    ['event', `${String(added.sequence)}, ${added.event} of ${added.exhibitId}`],
    ['file', added.path],
    ['sha256', added.sha256],
    ['signed by', principal === null ? added.signer : `${added.signer} (${principal})`],
    ['archive', added.verdict ?? 'digest compared, not verified, as was asked for'],
    ['finished first', added.finished],
  ]);
  if (added.event !== 'transfer-out') return facts;
  const next = [
    'Hand over the archive together with its custody folder. The receiver, with a key of their own:',
    `  exhibit custody add transfer-in ${shellWord(basename(archive))} --from WHO`,
    'and gives back the two new files, without which the transfer is not complete.',
  ];
  return [facts, '', ...next].join('\n');
}
