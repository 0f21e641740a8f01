import { readdir, readFile, stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { parseDocument } from 'yaml';
import { errnoOf, ExhibitError } from '../model/errors.js';
import { parseProfile, type Profile } from '../model/profile.js';

export const DEFAULT_PROFILE = 'triage';

const MAX_BYTES = 256 * 1024;

export interface LoadedProfile {
  readonly profile: Profile;
  /** As read; goes into the archive. */
  readonly text: string;
}

function invalid(subject: string, message: string, hints: readonly string[] = []): ExhibitError {
  return new ExhibitError('PROFILE_INVALID', message, { subject, hints });
}

/** Throws `PROFILE_INVALID` for what is no YAML, has a key twice or an alias, or is no profile. */
export function parseProfileText(source: string, text: string): Profile {
  const document = parseDocument(text, { uniqueKeys: true });
  const problem = document.errors[0];
  if (problem !== undefined) throw invalid(source, `the profile is not YAML: ${problem.message.split('\n')[0] ?? ''}`);
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 0 });
  } catch {
    throw invalid(source, 'the profile has aliases, which are not followed');
  }
  return parseProfile(value, source);
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

/** Names of the profiles in a folder, sorted. */
export async function shippedProfiles(directory: string): Promise<readonly string[]> {
  const names = await readdir(directory).catch(() => []);
  return names
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => name.slice(0, -5))
    .sort();
}

export interface ProfileQuery {
  /** A name of a shipped profile, or a path: with a slash, or ending in .yaml or .yml. */
  readonly nameOrPath: string;
  readonly shippedDirectory: string;
  readonly workingDirectory: string;
}

function pathOf({ nameOrPath, shippedDirectory, workingDirectory }: ProfileQuery): string {
  if (!/\/|\.ya?ml$/.test(nameOrPath)) return join(shippedDirectory, `${nameOrPath}.yaml`);
  return isAbsolute(nameOrPath) ? nameOrPath : join(workingDirectory, nameOrPath);
}

/** Throws `PROFILE_INVALID` for a profile that is not there or not well-formed. */
export async function loadProfile(query: ProfileQuery): Promise<LoadedProfile> {
  const text = await readProfile(pathOf(query));
  if (text === null) {
    const shipped = await shippedProfiles(query.shippedDirectory);
    const hints = [`exhibit collect --profile ${shipped[0] ?? 'FILE'}`];
    throw invalid(query.nameOrPath, `there is no such profile; shipped are: ${shipped.join(', ')}`, hints);
  }
  return { profile: parseProfileText(query.nameOrPath, text), text };
}
