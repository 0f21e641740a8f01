import { z } from 'zod';
import { ExhibitError } from '../model/errors.js';
import type { Kind } from '../model/exhibit.js';
import { kindSchema } from '../model/exhibit.js';
import { readPrivateFile } from './private-files.js';
import type { SpoolLayout } from './spool-layout.js';

const spoolInfoSchema = z.strictObject({
  format: z.literal('exhibit-spool/1'),
  exhibitId: z.string(),
  sequence: z.int().min(1),
  kind: kindSchema,
  openedAt: z.string(),
});

/** exhibit.json of a spool: what the exhibit is, before anything is in it. */
export interface SpoolInfo {
  readonly format: 'exhibit-spool/1';
  readonly exhibitId: string;
  readonly sequence: number;
  readonly kind: Kind;
  readonly openedAt: string;
}

/** Throws `CASE_CORRUPT` when the file is missing or not ours. */
export async function readSpoolInfo(layout: SpoolLayout): Promise<SpoolInfo> {
  const bytes = await readPrivateFile(layout.info);
  const parsed = bytes === null ? null : spoolInfoSchema.safeParse(parseJsonText(bytes.toString('utf8')));
  if (parsed?.success === true) return parsed.data;
  throw new ExhibitError('CASE_CORRUPT', 'the exhibit does not say what it is', { subject: layout.info });
}

function parseJsonText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
