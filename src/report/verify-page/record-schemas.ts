/** Runs when the page is built, never in the page: the shapes of all records, taken from the model, so that the two cannot differ. */
import { z } from 'zod';
import { itemRecordSchema, planRecordSchema } from '../../model/artifact.js';
import { custodyEntrySchema } from '../../model/custody-entry.js';
import { receiptSchema, statementSchema } from '../../model/exhibit.js';
import { externalRecordSchema } from '../../model/external.js';
import { outcomeRecordSchema } from '../../model/outcome.js';
import { redactionRecordSchema } from '../../model/redaction.js';
import { clockRecordSchema, requestRecordSchema } from '../../model/request.js';
import type { RecordSchemas } from './record-shapes.js';

function jsonSchemaOf(schema: z.ZodType): RecordSchemas[keyof RecordSchemas] {
  return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'throw' }) as RecordSchemas[keyof RecordSchemas];
}

export function recordSchemas(): RecordSchemas {
  return {
    statement: jsonSchemaOf(statementSchema),
    receipt: jsonSchemaOf(receiptSchema),
    custody: jsonSchemaOf(custodyEntrySchema),
    items: jsonSchemaOf(itemRecordSchema),
    outcomes: jsonSchemaOf(outcomeRecordSchema),
    plan: jsonSchemaOf(planRecordSchema),
    requests: jsonSchemaOf(requestRecordSchema),
    clock: jsonSchemaOf(clockRecordSchema),
    redactions: jsonSchemaOf(redactionRecordSchema),
    external: jsonSchemaOf(externalRecordSchema),
    anyRecord: jsonSchemaOf(z.record(z.string(), z.unknown())),
  };
}
