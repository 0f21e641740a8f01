import type { ItemRecord, PlanRecord } from '../../model/artifact.js';
import type { CustodyEntry } from '../../model/custody-entry.js';
import type { Receipt, Statement } from '../../model/exhibit.js';
import type { ExternalRecord } from '../../model/external.js';
import type { OutcomeRecord } from '../../model/outcome.js';
import type { RedactionRecord } from '../../model/redaction.js';
import type { ClockRecord, RequestRecord } from '../../model/request.js';
import { shapeTest, type RecordSchema } from './record-schema.js';

interface RecordTypes {
  readonly statement: Statement;
  readonly receipt: Receipt;
  readonly custody: CustodyEntry;
  readonly items: ItemRecord;
  readonly outcomes: OutcomeRecord;
  readonly plan: PlanRecord;
  readonly requests: RequestRecord;
  readonly clock: ClockRecord;
  readonly redactions: RedactionRecord;
  readonly external: ExternalRecord;
  readonly anyRecord: Readonly<Record<string, unknown>>;
}

export type RecordSchemas = Readonly<Record<keyof RecordTypes, RecordSchema>>;

/** For each kind of record: the value as that record, or `undefined`. */
export type RecordShapes = { readonly [Kind in keyof RecordTypes]: Shape<RecordTypes[Kind]> };
export type Shape<T> = (value: unknown) => T | undefined;

function shapeOf<T>(schema: RecordSchema): Shape<T> {
  const test = shapeTest(schema);
  return (value) => (test(value) ? (value as T) : undefined);
}

export function recordShapes(schemas: RecordSchemas): RecordShapes {
  return {
    statement: shapeOf(schemas.statement),
    receipt: shapeOf(schemas.receipt),
    custody: shapeOf(schemas.custody),
    items: shapeOf(schemas.items),
    outcomes: shapeOf(schemas.outcomes),
    plan: shapeOf(schemas.plan),
    requests: shapeOf(schemas.requests),
    clock: shapeOf(schemas.clock),
    redactions: shapeOf(schemas.redactions),
    external: shapeOf(schemas.external),
    anyRecord: shapeOf(schemas.anyRecord),
  };
}
