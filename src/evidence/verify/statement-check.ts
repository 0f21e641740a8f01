import { parseAsciiJson } from '../../lib/ascii-json.js';
import { parseInstant, toRfc3339 } from '../../lib/clock.js';
import { statementSchema, type Statement } from '../../model/exhibit.js';
import { OUTCOMES, type Completeness, type OutcomeCounts } from '../../model/outcome.js';
import type { CheckName } from '../../model/verdict.js';
import { BAGIT_TXT, renderBagInfo } from '../bag-info.js';
import { STATEMENT } from '../bag-layout.js';
import { completenessOf } from '../completeness.js';
import type { Findings } from './findings.js';
import type { TagFiles } from './tag-files.js';

/** What was counted while the archive passed by. */
export interface Observed {
  readonly root: string;
  readonly mtimeSeconds: number;
  readonly payloadFiles: number;
  readonly payloadBytes: number;
  readonly outcomeCounts: OutcomeCounts;
  readonly gaps: number;
  readonly custodyEntries: number;
  readonly custodyHeadSha256: string;
}

/** meta/exhibit.json as a statement; `null`, with a finding, when it is not exactly one line of the right shape. */
export function readStatement(bytes: Buffer | null, findings: Findings): Statement | null {
  if (bytes === null) return null;
  const line = bytes.toString('latin1');
  const value = line.endsWith('\n') ? parseAsciiJson(line.slice(0, -1)) : undefined;
  const parsed = value === undefined ? undefined : statementSchema.safeParse(value);
  if (parsed?.success === true) return parsed.data;
  const issue = parsed?.error.issues[0];
  const found =
    issue === undefined ? 'not one line of JSON in that form' : `${issue.path.map(String).join('.')}: ${issue.message}`;
  findings.add('statement', { path: STATEMENT, expected: 'a statement of exhibit/1', found });
  return null;
}

type Row = readonly [check: CheckName, what: string, stated: string | number, observed: string | number];

function rows(statement: Statement, observed: Observed): Row[] {
  const id = `${statement.caseId}-x${String(statement.sequence).padStart(4, '0')}`;
  const completeness: Completeness = completenessOf(observed.outcomeCounts, observed.gaps);
  return [
    ['statement', 'exhibitId', statement.exhibitId, observed.root],
    ['statement', 'caseId and sequence', id, observed.root],
    ['statement', 'createdAt', statement.createdAt, canonicalInstant(statement.createdAt)],
    [
      'statement',
      'second of createdAt',
      Math.floor((parseInstant(statement.createdAt) ?? -1) / 1000),
      observed.mtimeSeconds,
    ],
    ['statement', 'completeness', statement.completeness, completeness],
    ['counts', 'payloadFiles', statement.payloadFiles, observed.payloadFiles],
    ['counts', 'payloadBytes', statement.payloadBytes, observed.payloadBytes],
    ...OUTCOMES.map((outcome): Row => [
      'counts',
      `outcomeCounts.${outcome}`,
      statement.outcomeCounts[outcome],
      observed.outcomeCounts[outcome],
    ]),
    ['chain', 'custodyEntries', statement.custodyEntries, observed.custodyEntries],
    ['chain', 'custodyHeadSha256', statement.custodyHeadSha256, observed.custodyHeadSha256],
  ];
}

function canonicalInstant(text: string): string {
  const atMs = parseInstant(text);
  return atMs === null ? 'no time' : toRfc3339(atMs);
}

/** Compares the statement, and what repeats it, with what was counted. */
export function checkStatement(statement: Statement, observed: Observed, findings: Findings): void {
  for (const [check, what, stated, found] of rows(statement, observed)) {
    if (stated !== found)
      findings.add(check, { path: STATEMENT, expected: `${what} ${String(found)}`, found: String(stated) });
  }
}

/** bagit.txt and bag-info.txt hold nothing that the statement does not settle. */
export function checkBagFiles(statement: Statement | null, files: TagFiles, findings: Findings): void {
  const bagit = files.held('bagit.txt')?.toString('latin1');
  if (bagit !== undefined && bagit !== BAGIT_TXT)
    findings.add('grammar', { path: 'bagit.txt', expected: BAGIT_TXT, found: bagit });
  const bagInfo = files.held('bag-info.txt')?.toString('latin1');
  if (bagInfo === undefined || statement === null) return;
  const expected = renderBagInfo(statement);
  if (bagInfo !== expected) findings.add('counts', { path: 'bag-info.txt', expected, found: bagInfo });
}
