import type { HandoverFacts } from './handover-facts.js';
import { renderCsv } from './render-csv.js';

const COLUMNS = [
  'phase',
  'number',
  'time (UTC)',
  'event',
  'by',
  'from',
  'to',
  'location',
  'purpose',
  'authority',
  'archive verified',
  'remarks',
  'SHA-256',
  'signed with',
] as const;

type Row = Partial<Record<(typeof COLUMNS)[number], string | null>>;

function acquisitionRows({ acquisition, statement, report }: HandoverFacts): Row[] {
  const { lines, items, firstItemAt, lastItemAt, omitted } = acquisition;
  const phase = 'collection';
  const notes = [
    ...(items === 0
      ? []
      : [`${String(items)} files were recorded one by one between ${firstItemAt ?? ''} and ${lastItemAt ?? ''}`]),
    ...(omitted === 0 ? [] : [`${String(omitted)} further lines are in custody/acquisition.jsonl of the archive`]),
  ];
  return [
    ...lines.map(({ seq, at, event, actor, detail }) => ({
      phase,
      'number': String(seq),
      'time (UTC)': at,
      event,
      'by': actor,
      'remarks': detail,
    })),
    ...notes.map((remarks) => ({ phase, event: 'note', remarks })),
    {
      'phase': 'seal',
      'time (UTC)': statement.createdAt,
      'event': 'sealed',
      'by': statement.operator.osUser,
      'SHA-256': report.containerSha256,
      'signed with': report.signer?.fingerprint ?? null,
    },
  ];
}

function eventRows({ custody }: HandoverFacts): Row[] {
  return custody.events.map(({ record, sha256 }) => ({
    'phase': 'after the seal',
    'number': String(record.seq),
    'time (UTC)': record.at,
    'event': record.event,
    'from': record.from,
    'to': record.to,
    'location': record.location,
    'purpose': record.purpose,
    'authority': record.authority,
    'archive verified': record.verified === null ? 'no' : record.verified.verdict,
    'remarks': record.remarks,
    'SHA-256': sha256,
    'signed with': record.signer,
  }));
}

/** custody.csv: the log of the collection without its file-by-file lines, the seal, and every signed event since; the marking comes first. */
export function renderCustodyCsv(facts: HandoverFacts): string {
  const rows = [...acquisitionRows(facts), ...eventRows(facts)];
  return renderCsv([
    ...(facts.privilege === null ? [] : [[facts.privilege]]),
    COLUMNS,
    ...rows.map((row) => COLUMNS.map((column) => row[column] ?? '')),
  ]);
}
