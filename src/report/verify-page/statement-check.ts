import { asciiJson, parseAsciiJson } from '../../lib/ascii-json.js';
import { parseInstant, toRfc3339 } from '../../lib/clock.js';
import { valueAt } from '../../lib/untyped.js';
import type { Statement } from '../../model/exhibit.js';
import type { Completeness, OutcomeCounts } from '../../model/outcome.js';
import type { CheckName } from '../../model/verdict.js';
import { GUIDE, STATEMENT, TOOL } from './bag-layout.js';
import type { Findings } from './findings.js';
import type { Shape } from './record-shapes.js';
import type { TagFiles } from './tag-files.js';

const BAGIT_TXT = 'BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n';
const MAX_GUIDE_BYTES = 64 * 1024;
const PRINTABLE_LINES = /^(?:[\x20-\x7e]*\n)+$/;

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
export function readStatement(text: string | null, shape: Shape<Statement>, findings: Findings): Statement | null {
  if (text === null) return null;
  const statement = shape(text.endsWith('\n') ? parseAsciiJson(text.slice(0, -1)) : undefined);
  if (statement !== undefined) return statement;
  const found = 'not one line of JSON in that form';
  findings.add('statement', { path: STATEMENT, expected: 'a statement of exhibit/1', found });
  return null;
}

type Row = readonly [check: CheckName, what: string, stated: string | number, observed: string | number];

function completenessOf(counts: OutcomeCounts, gaps: number): Completeness {
  const planned = Object.values(counts).reduce((sum, count) => sum + count, 0);
  if (planned > 0 && gaps === 0) return 'complete';
  return counts.collected + counts.partial === 0 ? 'failed' : 'partial';
}

function canonicalInstant(text: string): string {
  const atMs = parseInstant(text);
  return atMs === null ? 'no time' : toRfc3339(atMs);
}

function rows(statement: Statement, observed: Observed): Row[] {
  const { caseId, sequence, createdAt } = statement;
  const second = Math.floor((parseInstant(createdAt) ?? -1) / 1000);
  const completeness = completenessOf(observed.outcomeCounts, observed.gaps);
  return [
    ['statement', 'exhibitId', statement.exhibitId, observed.root],
    ['statement', 'caseId and sequence', `${caseId}-x${String(sequence).padStart(4, '0')}`, observed.root],
    ['statement', 'createdAt', createdAt, canonicalInstant(createdAt)],
    ['statement', 'second of createdAt', second, observed.mtimeSeconds],
    ['statement', 'completeness', statement.completeness, completeness],
    ['counts', 'payloadFiles', statement.payloadFiles, observed.payloadFiles],
    ['counts', 'payloadBytes', statement.payloadBytes, observed.payloadBytes],
    ...Object.entries(observed.outcomeCounts).map(([outcome, count]): Row => {
      const stated = valueAt(statement.outcomeCounts, outcome);
      return ['counts', `outcomeCounts.${outcome}`, typeof stated === 'number' ? stated : 'none', count];
    }),
    ['chain', 'custodyEntries', statement.custodyEntries, observed.custodyEntries],
    ['chain', 'custodyHeadSha256', statement.custodyHeadSha256, observed.custodyHeadSha256],
  ];
}

/** Compares the statement with what was counted. */
export function checkStatement(statement: Statement, observed: Observed, findings: Findings): void {
  for (const [check, what, stated, found] of rows(statement, observed)) {
    if (stated !== found)
      findings.add(check, { path: STATEMENT, expected: `${what} ${String(found)}`, found: String(stated) });
  }
}

/** What other files say of the same things: bag-info.txt, tool.json, and VERIFY.md, which is about this exhibit and safe to look at. */
export function checkRepeats(statement: Statement, files: TagFiles, findings: Findings): void {
  const bagInfo = files.heldText('bag-info.txt');
  const expectedInfo = bagInfoOf(statement);
  if (bagInfo !== null && bagInfo !== expectedInfo)
    findings.add('counts', { path: 'bag-info.txt', expected: expectedInfo, found: bagInfo });
  const tool = files.heldText(TOOL);
  const expected = `${asciiJson(statement.tool)}\n`;
  if (tool !== null && tool !== expected) findings.add('statement', { path: TOOL, expected, found: tool });
  const guide = files.heldText(GUIDE);
  if (guide !== null) checkGuide(statement.exhibitId, guide, findings);
}

/** bagit.txt is the same in every bag. */
export function checkBagIt(files: TagFiles, findings: Findings): void {
  const found = files.heldText('bagit.txt');
  if (found !== null && found !== BAGIT_TXT) findings.add('grammar', { path: 'bagit.txt', expected: BAGIT_TXT, found });
}

function bagInfoOf({ createdAt, exhibitId, caseId, payloadBytes, payloadFiles }: Statement): string {
  return [
    `Bagging-Date: ${createdAt.slice(0, 10)}`,
    `External-Identifier: ${exhibitId}`,
    `Bag-Group-Identifier: ${caseId}`,
    `Payload-Oxum: ${String(payloadBytes)}.${String(payloadFiles)}`,
    '',
  ].join('\n');
}

/** Another version of the program writes another guide: only what holds for each is looked at. */
function checkGuide(exhibitId: string, text: string, findings: Findings): void {
  const add = (expected: string, found: string): void => {
    findings.add('grammar', { path: GUIDE, expected, found });
  };
  if (text.length > MAX_GUIDE_BYTES) add(`at most ${String(MAX_GUIDE_BYTES)} bytes`, `${String(text.length)} bytes`);
  else if (!PRINTABLE_LINES.test(text)) add('lines of printable ASCII', 'other bytes');
  else if (!text.includes(exhibitId)) add(`how to check ${exhibitId}`, 'another text');
}
