import { assertRecordLines } from '../custody/record-line.js';
import { asciiJson } from '../lib/ascii-json.js';
import type { PlanRecord } from '../model/artifact.js';
import { ExhibitError } from '../model/errors.js';
import type { OutcomeRecord } from '../model/outcome.js';
import { LEDGER_KEY } from './bag-layout.js';

const MAX_GAP_REASON = 1024;

/** A line of plan.jsonl with its LF. Throws `INTERNAL` for a key or a length that no reader of the exhibit would take. */
export function planLine({ artifact, collector, required, source, plannedAt }: PlanRecord, path: string): string {
  assertKey(artifact);
  assertKey(collector);
  const line = `${asciiJson({ artifact, collector, required, source, plannedAt })}\n`;
  assertRecordLines(line, path);
  return line;
}

/** A line of outcomes.jsonl with its LF. Throws as `planLine` does. */
export function outcomeLine(record: OutcomeRecord, path: string): string {
  const { artifact, collector, required, outcome, reason, detail, proof, attempts, at } = record;
  assertKey(artifact);
  assertKey(collector);
  const line = `${asciiJson({ artifact, collector, required, outcome, reason, detail, proof, attempts, at })}\n`;
  assertRecordLines(line, path);
  return line;
}

/** The fields of the custody entry `gap`. The outcome holds the whole reason. */
export function gapFields({ artifact, outcome, reason }: OutcomeRecord): Readonly<Record<string, unknown>> {
  return { artifact, outcome, reason: reason.slice(0, MAX_GAP_REASON) };
}

function assertKey(key: string): void {
  if (LEDGER_KEY.test(key)) return;
  const subject = key.length > 100 ? `${key.slice(0, 100)}...` : key;
  throw new ExhibitError(
    'INTERNAL',
    'an artifact key or a collector name is not 1 to 1,024 characters of printable ASCII',
    {
      subject,
    },
  );
}
