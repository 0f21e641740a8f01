import { z } from 'zod';
import { authoritySchema } from '../model/case.js';
import type { ConnectionFacts } from '../model/connection.js';
import { ExhibitError } from '../model/errors.js';
import { derivedFromSchema, operatorSchema, scopeSchema, toolSchema } from '../model/exhibit.js';
import { readPrivateFile } from './private-files.js';

/** What the statement and the tool files are made of: known when the collection begins, kept in the spool until the seal. */
export const openingSchema = z.strictObject({
  scope: scopeSchema.nullable(),
  authority: authoritySchema,
  operator: operatorSchema,
  tool: toolSchema,
  /** Which cluster, as whom, how: goes into the custody log. No secret in it. */
  connection: z.custom<ConnectionFacts>((value) => typeof value === 'object' && value !== null).nullable(),
  /** meta/tool/profile.yaml as it was read. */
  profileText: z.string(),
  /** meta/tool/config.yaml: the resolved configuration, no secrets. */
  configText: z.string(),
  /** Of a redacted copy. */
  derivedFrom: derivedFromSchema.optional(),
});
export type Opening = z.infer<typeof openingSchema>;

/** opening.json; `null` when there is none yet. Throws `CASE_CORRUPT`. */
export async function readOpening(path: string): Promise<Opening | null> {
  const bytes = await readPrivateFile(path);
  if (bytes === null) return null;
  try {
    return openingSchema.parse(JSON.parse(bytes.toString('utf8')));
  } catch (error) {
    throw new ExhibitError('CASE_CORRUPT', 'the opening of the exhibit is not as we write it', {
      subject: path,
      cause: error,
    });
  }
}
