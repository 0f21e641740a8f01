import { z } from 'zod';
import { ExhibitError } from './errors.js';

const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/;

/** What a profile may say of limits; what it leaves out is the program's default. */
const profileLimitsSchema = z.strictObject({
  /** Bytes per log; `null` = no cap. */
  maxLogBytes: z.int().min(1).nullable().optional(),
  /** RFC 3339; `null` = all that there is. */
  sinceTime: z.string().regex(INSTANT).nullable().optional(),
  /** Milliseconds of silence after which a source counts as dead. */
  idleTimeoutMs: z.int().min(1000).max(3_600_000).optional(),
});

/**
 * A profile chooses and parametrises; it decides nothing. `collectors`, in order: ids, `tag:NAME`, `*`; a leading `!` takes out what
 * came before.
 */
export const profileSchema = z.strictObject({
  apiVersion: z.literal('kubexhibit.dev/v1'),
  kind: z.literal('Profile'),
  metadata: z.strictObject({
    /** The name of its file. */
    name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/),
    title: z.string(),
    description: z.string(),
    references: z.array(z.string()).optional(),
    since: z.string().optional(),
  }),
  collectors: z
    .array(z.string().regex(/^!?(?:\*|(?:tag:)?[a-z0-9][a-z0-9-]*)$/))
    .min(1)
    .max(200),
  limits: profileLimitsSchema.optional(),
});
export type Profile = z.infer<typeof profileSchema>;

function invalid(subject: string, message: string): ExhibitError {
  return new ExhibitError('PROFILE_INVALID', message, { subject });
}

/** A profile from parsed YAML. `source` names it in errors. Throws `PROFILE_INVALID` with the place of the first fault. */
export function parseProfile(value: unknown, source: string): Profile {
  const parsed = profileSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const place = issue === undefined || issue.path.length === 0 ? 'top level' : issue.path.map(String).join('.');
  throw invalid(source, `The profile is not valid at ${place}: ${issue?.message ?? ''}`);
}

interface Selectable {
  readonly id: string;
  readonly tags: readonly string[];
}

function matches(pattern: string, { id, tags }: Selectable): boolean {
  if (pattern.startsWith('tag:')) return tags.includes(pattern.slice(4));
  return pattern === '*' || pattern === id;
}

/** The ids that a profile selects, in its order, each once. Throws `PROFILE_INVALID` for an entry that matches nothing. */
export function selectByProfile(profile: Profile, collectors: readonly Selectable[]): readonly string[] {
  const selected = new Set<string>();
  for (const entry of profile.collectors) {
    const excludes = entry.startsWith('!');
    const pattern = excludes ? entry.slice(1) : entry;
    const found = collectors.filter((collector) => matches(pattern, collector));
    if (found.length === 0) {
      const known = collectors.map(({ id }) => id).sort();
      throw invalid(
        entry,
        `Profile ${profile.metadata.name} names no collector with ${entry}; there are: ${known.join(', ')}`,
      );
    }
    for (const { id } of found) {
      if (excludes) selected.delete(id);
      else selected.add(id);
    }
  }
  return [...selected];
}
