import { z } from 'zod';
import { ExhibitError } from './errors.js';

/** Globs and patterns are compiled; what is longer was not written by hand. */
const MAX_TEXT = 1000;
const MAX_RULES = 100;

const globSchema = z
  .string()
  .regex(/^data\/[!-~]*$/)
  .max(MAX_TEXT);

const textSchema = z.strictObject({
  /** What goes: every byte that is part of any match within one line. */
  match: z.string().min(1).max(MAX_TEXT),
  /** What must stand directly before it, and stays. */
  after: z.string().min(1).max(MAX_TEXT).optional(),
  ignoreCase: z.boolean().optional(),
});

const jsonSchema = z.strictObject({
  /** Names of members at any depth, whose values go. */
  keys: z.array(z.string().min(1).max(256)).max(200).optional(),
  /** RFC 6901, with `*` for any one member or element. */
  pointers: z
    .array(
      z
        .string()
        .regex(/^(?:\/(?:[^~/]|~[01])*)+$/)
        .max(MAX_TEXT),
    )
    .max(200)
    .optional(),
  ignoreCase: z.boolean().optional(),
  /** What becomes of a file that is no JSON to its end; default: refuse. */
  malformed: z.enum(['refuse', 'remove']).optional(),
});
export type JsonRule = z.infer<typeof jsonSchema>;

export const redactionRuleSchema = z
  .strictObject({
    /** Stands in the ledger of the copy: it must give nothing away itself. */
    id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/),
    /** Paths in the archive: `*` within a segment, `**` for any number of segments. */
    paths: z.array(globSchema).min(1).max(100),
    /** The whole file goes. */
    remove: z.literal(true).optional(),
    text: textSchema.optional(),
    json: jsonSchema.optional(),
  })
  .refine(
    (rule) => [rule.remove, rule.text, rule.json].filter((way) => way !== undefined).length === 1,
    'one of remove, text and json',
  )
  .refine(
    ({ json }) => json === undefined || (json.keys?.length ?? 0) + (json.pointers?.length ?? 0) > 0,
    'json without keys and pointers',
  );
export type RedactionRule = z.infer<typeof redactionRuleSchema>;

/** What a redacted copy leaves out. YAML chooses; there is no rule that adds or rewrites anything. */
export const redactionRulesSchema = z.strictObject({
  apiVersion: z.literal('kubexhibit.dev/v1'),
  kind: z.literal('RedactionRules'),
  metadata: z.strictObject({
    name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/),
    description: z.string().optional(),
  }),
  rules: z
    .array(redactionRuleSchema)
    .min(1)
    .max(MAX_RULES)
    .refine((rules) => new Set(rules.map(({ id }) => id)).size === rules.length, 'an id is used twice'),
});
export type RedactionRules = z.infer<typeof redactionRulesSchema>;

/** Rules from parsed YAML. `source` names them in errors. Throws `REDACTION_RULES_INVALID` with the place of the first fault. */
export function parseRedactionRules(value: unknown, source: string): RedactionRules {
  const parsed = redactionRulesSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const place = issue === undefined || issue.path.length === 0 ? 'top level' : issue.path.map(String).join('.');
  throw new ExhibitError('REDACTION_RULES_INVALID', `the rules are not valid at ${place}: ${issue?.message ?? ''}`, {
    subject: source,
  });
}

const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/);

/**
 * One line of data/derived/redactions.jsonl, sorted by path and offset. `path`, `offset` and `lengthBytes` are those of the parent; a
 * range that runs past the end of a part goes on in the next part.
 */
export const redactionRecordSchema = z.strictObject({
  path: z.string(),
  kind: z.enum(['masked', 'removed']),
  offset: z.int().min(0),
  lengthBytes: z.int().min(0),
  /** Ids of the rules; for what is derived from redacted files: `derived-from-redacted`. */
  rules: z.array(z.string()),
  /** SHA-256 of a salt of 32 bytes and the bytes that went; the salts stay with the parent. */
  saltedSha256: sha256Schema,
});
export type RedactionRecord = z.infer<typeof redactionRecordSchema>;

/** One line of the private file beside the parent: it opens the commitment of the ledger's line with the same number. */
export const redactionSaltSchema = z.strictObject({
  path: z.string(),
  offset: z.int().min(0),
  lengthBytes: z.int().min(0),
  saltHex: sha256Schema,
  sha256: sha256Schema,
});
export type RedactionSalt = z.infer<typeof redactionSaltSchema>;
