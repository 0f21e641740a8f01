import { z } from 'zod';
import { collectResult, drillResult, planResult, sealResult, verifyResult } from './results/archive-results.js';
import { caseCloseResult, caseListResult, caseShowResult, caseUseResult } from './results/case-results.js';
import {
  completeResult,
  explainListResult,
  explainResult,
  keyNewResult,
  keyShowResult,
  keyTrustResult,
} from './results/key-results.js';
import { schemaNameOf } from './print-result.js';
import { errorResult } from './results/error-result.js';
import { showResult } from './results/show-result.js';

/** What each command prints with --json, by command id. A command with two kinds of results has an id for each. */
export const RESULT_SCHEMAS = {
  'case:close': caseCloseResult,
  'case:list': caseListResult,
  'case:open': caseShowResult,
  'case:show': caseShowResult,
  'case:use': caseUseResult,
  'collect': collectResult,
  'collect:plan': planResult,
  'complete': completeResult,
  'drill:run': drillResult,
  'explain': explainResult,
  'explain:list': explainListResult,
  'key:new': keyNewResult,
  'key:show': keyShowResult,
  'key:trust': keyTrustResult,
  'resume': collectResult,
  'seal': sealResult,
  'show': showResult,
  'verify': verifyResult,
} as const;

export type ResultId = keyof typeof RESULT_SCHEMAS;

/** The schema of the whole document: the result and the name of its shape. */
export function documentSchemaOf(id: ResultId): z.ZodType {
  return RESULT_SCHEMAS[id].extend({ schema: z.literal(schemaNameOf(id)) });
}

/** docs/json: file name to text, one JSON Schema a file, `error.json` for the document of a failure. */
export function renderJsonSchemas(): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  const add = (name: string, schema: z.ZodType): void => {
    files.set(`${name}.json`, `${JSON.stringify(z.toJSONSchema(schema), null, 2)}\n`);
  };
  for (const id of Object.keys(RESULT_SCHEMAS) as ResultId[]) add(id.replaceAll(':', '-'), documentSchemaOf(id));
  add('error', errorResult);
  return files;
}
