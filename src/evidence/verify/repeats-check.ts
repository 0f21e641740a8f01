import { asciiJson } from '../../lib/ascii-json.js';
import type { Statement } from '../../model/exhibit.js';
import { GUIDE, STATEMENT, TOOL } from '../bag-layout.js';
import type { Findings } from './findings.js';
import type { TagFiles } from './tag-files.js';

const MAX_GUIDE_BYTES = 64 * 1024;
const PRINTABLE_LINES = /^(?:[\x20-\x7e]*\n)+$/;

/** What files beside the statement say of the same things: tool.json is its `tool`, VERIFY.md is about this exhibit and safe to look at. */
export function checkRepeats(statement: Statement, files: TagFiles, findings: Findings): void {
  const tool = files.held(TOOL)?.toString('latin1');
  // As it stands in the statement, which is canonical: parsed by the schema its members could change their order.
  const stated = JSON.parse(files.held(STATEMENT)?.toString('latin1') ?? '{}') as { readonly tool?: unknown };
  const expected = `${asciiJson(stated.tool ?? {})}\n`;
  if (tool !== undefined && tool !== expected) findings.add('statement', { path: TOOL, expected, found: tool });
  const guide = files.held(GUIDE);
  if (guide !== null) checkGuide(statement, guide, findings);
}

/** Another version of the program writes another guide: only what holds for each is looked at. */
function checkGuide({ exhibitId }: Statement, bytes: Buffer, findings: Findings): void {
  const text = bytes.toString('latin1');
  const add = (expected: string, found: string): void => {
    findings.add('grammar', { path: GUIDE, expected, found });
  };
  if (bytes.length > MAX_GUIDE_BYTES) add(`at most ${String(MAX_GUIDE_BYTES)} bytes`, `${String(bytes.length)} bytes`);
  else if (!PRINTABLE_LINES.test(text)) add('lines of printable ASCII', 'other bytes');
  else if (!text.includes(exhibitId)) add(`how to check ${exhibitId}`, 'another text');
}
