import { escapeForTerminal } from '../lib/terminal-escape.js';
import { NOT_STATED } from '../model/case.js';
import type { VerifyReport } from '../model/verdict.js';
import { wrapText } from './wrap-text.js';

const AUTHORITY = `Authority ${NOT_STATED}. `;
const MAX_LENGTH = 4000;
const NARROWEST = 40;

type Reported = Pick<VerifyReport, 'line' | 'verdict' | 'checks' | 'statement' | 'findings'>;

/** What comes before the verdict, because the verdict would be misread without it. */
function remarks({ findings, statement }: Reported): string[] {
  const other = findings.find(({ check, expected }) => check === 'receipt' && expected.startsWith('exhibitId '));
  const container = findings.find(({ check }) => check === 'container');
  return [
    ...(other === undefined
      ? []
      : [`This receipt is for ${other.expected.slice('exhibitId '.length)}, not for this archive (${other.found}).`]),
    ...(statement === null && container?.found === 'another beginning'
      ? ['This file is not an exhibit archive: it does not begin as one.']
      : []),
  ];
}

/**
 * The line of a report for people at a terminal: the verdict first, then an authority that was not stated, and on a line of its own what
 * was not checked. Printable ASCII, each line at most `columns` wide where a space allows it.
 */
export function verdictLines(report: Reported, columns: number): string[] {
  const { line, verdict, checks } = report;
  const skipped = checks
    .filter(({ result }) => result === 'skipped')
    .map(({ check, detail }) => `${check} (${detail})`);
  const notChecked = `not checked: ${[...skipped, 'snapshots outside the archive'].join(', ')}.`;
  const isStated = !line.startsWith(AUTHORITY);
  const body = isStated ? line : line.slice(AUTHORITY.length);
  const ending = `; ${notChecked}`;
  const isSplit = body.endsWith(ending) && body.startsWith(`${verdict}: `);
  const clauses = isSplit ? body.slice(verdict.length + 2, -ending.length) : body;
  const authority = isStated ? '' : `authority ${NOT_STATED}; `;
  const headline = isSplit ? `${verdict}: ${authority}${clauses}.` : line;
  const paragraphs = [...remarks(report), headline, ...(isSplit ? [`N${notChecked.slice(1)}`] : [])];
  const width = Math.max(NARROWEST, columns);
  return paragraphs.flatMap((text) => wrapText(escapeForTerminal(text, MAX_LENGTH), width));
}
