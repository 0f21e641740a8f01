import { z } from 'zod';
import { auditReadinessResult } from './results/audit-results.js';
import {
  caseVerifyResult,
  collectResult,
  drillResult,
  planResult,
  sealResult,
  verifyWithExternalResult,
} from './results/archive-results.js';
import { cleanupResult } from './results/cleanup-result.js';
import { caseCloseResult, caseListResult, caseShowResult, caseUseResult } from './results/case-results.js';
import {
  completeResult,
  explainListResult,
  explainResult,
  keyNewResult,
  keyShowResult,
  keyTrustResult,
} from './results/key-results.js';
import {
  custodyAddResult,
  custodyFormResult,
  custodyListResult,
  custodyVerifyResult,
  extractResult,
} from './results/custody-results.js';
import { pullResult, pushAbortResult, pushResult } from './results/destination-results.js';
import { quarantinePlanResult, quarantineResult, releaseResult } from './results/containment-results.js';
import { deriveResult } from './results/derive-result.js';
import { doctorResult } from './results/doctor-result.js';
import { diffExhibitsResult } from './results/diff-exhibits-result.js';
import { diffResult } from './results/diff-result.js';
import { decryptResult, sealEncryptResult } from './results/encryption-results.js';
import { schemaNameOf } from './print-result.js';
import { errorResult } from './results/error-result.js';
import { handoverResult } from './results/handover-result.js';
import { showResult } from './results/show-result.js';
import { snapshotPlanResult, snapshotResult } from './results/snapshot-results.js';
import { snapshotDiffResult, snapshotHashResult } from './results/snapshot-block-results.js';
import { respondPlanResult, respondResult } from './results/respond-results.js';
import { retimestampResult } from './results/timestamp-results.js';

/** What each command prints with --json, by command id. A command with two kinds of results has an id for each. */
export const RESULT_SCHEMAS = {
  'audit:readiness': auditReadinessResult,
  'case:close': caseCloseResult,
  'case:list': caseListResult,
  'case:open': caseShowResult,
  'case:show': caseShowResult,
  'case:use': caseUseResult,
  'case:verify': caseVerifyResult,
  'cleanup': cleanupResult,
  'collect': collectResult,
  'collect:plan': planResult,
  'complete': completeResult,
  'custody:add': custodyAddResult,
  'custody:form': custodyFormResult,
  'custody:list': custodyListResult,
  'custody:retimestamp': retimestampResult,
  'custody:verify': custodyVerifyResult,
  'decrypt': decryptResult,
  'derive': deriveResult,
  'diff': diffResult,
  'diff:exhibits': diffExhibitsResult,
  'doctor': doctorResult,
  'drill:run': drillResult,
  'explain': explainResult,
  'explain:list': explainListResult,
  'extract': extractResult,
  'handover': handoverResult,
  'key:new': keyNewResult,
  'key:show': keyShowResult,
  'key:trust': keyTrustResult,
  'pull': pullResult,
  'push': pushResult,
  'push:abort': pushAbortResult,
  'quarantine:node': quarantineResult,
  'quarantine:plan': quarantinePlanResult,
  'quarantine:pod': quarantineResult,
  'release': releaseResult,
  'respond': respondResult,
  'respond:plan': respondPlanResult,
  'resume': collectResult,
  'seal': sealResult,
  'seal:encrypt': sealEncryptResult,
  'show': showResult,
  'snapshot:diff': snapshotDiffResult,
  'snapshot:export': snapshotHashResult,
  'snapshot:hash': snapshotHashResult,
  'snapshot:node': snapshotResult,
  'snapshot:plan': snapshotPlanResult,
  'snapshot:pvc': snapshotResult,
  'snapshot:status': snapshotResult,
  'snapshot:volume': snapshotResult,
  'verify': verifyWithExternalResult,
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
