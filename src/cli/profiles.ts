import { readdir, readFile, stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { errnoOf, ExhibitError } from '../model/errors.js';
import type { Collector } from '../ports/collector.js';

export const DEFAULT_PROFILE = 'triage';

const MAX_BYTES = 256 * 1024;

/** A profile chooses and parametrises; it decides nothing. `collectors`: ids, `tag:NAME`, `*`; a leading `!` takes out what came before. */
export const profileSchema = z.strictObject({
  apiVersion: z.literal('kubexhibit.dev/v1'),
  kind: z.literal('Profile'),
  metadata: z.strictObject({
    name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/),
    title: z.string(),
    description: z.string(),
    references: z.array(z.string()).optional(),
    since: z.string().optional(),
  }),
  collectors: z.array(z.string()).min(1).max(200),
  limits: z
    .strictObject({ maxLogBytes: z.int().min(1).nullable().optional(), idleTimeoutMs: z.int().min(1).optional() })
    .optional(),
});
export type Profile = z.infer<typeof profileSchema>;

export interface LoadedProfile {
  readonly profile: Profile;
  /** As read; goes into the archive. */
  readonly text: string;
}

function invalid(subject: string, message: string, hints: readonly string[] = []): ExhibitError {
  return new ExhibitError('PROFILE_INVALID', message, { subject, hints });
}

export function parseProfile(source: string, text: string): Profile {
  const document = parseDocument(text, { uniqueKeys: true });
  const problem = document.errors[0];
  if (problem !== undefined) throw invalid(source, `the profile is not YAML: ${problem.message.split('\n')[0] ?? ''}`);
  const parsed = profileSchema.safeParse(document.toJS({ maxAliasCount: 0 }));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw invalid(source, `the profile is not valid at ${issue?.path.join('.') ?? 'top level'}: ${issue?.message ?? ''}`);
}

async function readProfile(path: string): Promise<string | null> {
  try {
    const { size } = await stat(path);
    if (size > MAX_BYTES) throw invalid(path, 'the profile is larger than 256 KiB');
    return await readFile(path, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    if (error instanceof ExhibitError) throw error;
    throw invalid(path, `the profile cannot be read (${errnoOf(error) ?? 'unknown error'})`);
  }
}

async function shippedNames(directory: string): Promise<readonly string[]> {
  const names = await readdir(directory).catch(() => []);
  return names.filter((name) => name.endsWith('.yaml')).map((name) => name.slice(0, -5)).sort();
}

export interface ProfileQuery {
  /** A name of a shipped profile, or a path: with a slash, or ending in .yaml or .yml. */
  readonly nameOrPath: string;
  readonly shippedDirectory: string;
  readonly workingDirectory: string;
}

/** Throws `PROFILE_INVALID` for a profile that is not there, not well-formed or not named as its file. */
export async function loadProfile({ nameOrPath, shippedDirectory, workingDirectory }: ProfileQuery): Promise<LoadedProfile> {
  const isPath = /\/|\.ya?ml$/.test(nameOrPath);
  const path = isPath
    ? isAbsolute(nameOrPath) ? nameOrPath : join(workingDirectory, nameOrPath)
    : join(shippedDirectory, `${nameOrPath}.yaml`);
  const text = await readProfile(path);
  if (text === null) {
    const shipped = await shippedNames(shippedDirectory);
    throw invalid(nameOrPath, `there is no such profile; shipped are: ${shipped.join(', ')}`, [`exhibit collect --profile ${shipped[0] ?? 'FILE'}`]);
  }
  return { profile: parseProfile(nameOrPath, text), text };
}

/** The ids that a profile selects, in its order. Throws `PROFILE_INVALID` for an entry that matches nothing. */
export function selectByProfile(profile: Profile, collectors: readonly Pick<Collector, 'id' | 'tags'>[]): readonly string[] {
  const selected = new Set<string>();
  for (const entry of profile.collectors) {
    const excludes = entry.startsWith('!');
    const pattern = excludes ? entry.slice(1) : entry;
    const matches = collectors.filter(
      ({ id, tags }) => pattern === '*' || pattern === id || (pattern.startsWith('tag:') && tags.includes(pattern.slice(4))),
    );
    if (matches.length === 0) {
      const known = collectors.map(({ id }) => id).sort();
      throw invalid(entry, `profile ${profile.metadata.name} names a collector that does not exist; there are: ${known.join(', ')}`);
    }
    for (const { id } of matches) {
      if (excludes) selected.delete(id);
      else selected.add(id);
    }
  }
  return [...selected];
}
