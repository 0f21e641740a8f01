import { z } from 'zod';
import { outcomeRecordSchema } from '../../model/outcome.js';
import { statementSchema } from '../../model/exhibit.js';

export const showResult = z.strictObject({
  archive: z.string(),
  statement: statementSchema,
  gaps: z.array(outcomeRecordSchema).readonly(),
  gapsTotal: z.int(),
});
