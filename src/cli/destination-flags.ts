import { isAbsolute, join } from 'node:path';
import { Flags } from '@oclif/core';
import { createDirectoryDestination } from '../evidence/destinations/directory-destination.js';
import { createUploadJournal } from '../evidence/destinations/upload-journal.js';
import { parseInstant, toRfc3339 } from '../lib/clock.js';
import { ExhibitError } from '../model/errors.js';
import type { Destination, StorageLock } from '../ports/destination.js';
import type { Context } from './context.js';

/** For commands that talk to a store. */
export const storeFlags = {
  region: Flags.string({
    helpValue: 'NAME',
    summary: 'Region of the bucket; default: as the AWS command line finds it.',
  }),
  endpoint: Flags.string({
    helpValue: 'URL',
    summary: 'Address of a store that speaks the language of S3, or of a private endpoint.',
  }),
};

export const lockFlags = {
  'object-lock': Flags.option({ options: ['governance', 'compliance'] as const, multiple: false })({
    dependsOn: ['retain-until'],
    summary: 'Retention by Object Lock, read back; compliance cannot be shortened by anybody.',
  }),
  'retain-until': Flags.string({
    helpValue: 'TIME',
    dependsOn: ['object-lock'],
    summary: 'End of the retention: 2031-12-31 or RFC 3339.',
  }),
  'legal-hold': Flags.boolean({ default: false, summary: 'Legal hold by Object Lock, read back.' }),
};

interface StoreFlagValues {
  readonly region: string | undefined;
  readonly endpoint: string | undefined;
}

interface LockFlagValues {
  readonly 'object-lock': 'governance' | 'compliance' | undefined;
  readonly 'retain-until': string | undefined;
  readonly 'legal-hold': boolean;
}

const MAX_RETENTION_MS = 100 * 366 * 86_400_000;

/** `s3://bucket/prefix`, else a directory. Throws `DESTINATION_INVALID`. */
export async function openDestination(
  context: Context,
  location: string,
  flags: StoreFlagValues,
): Promise<Destination> {
  const { environment, signal, locations } = context;
  if (location.startsWith('s3://'))
    return await context.bucket({
      url: location,
      region: flags.region,
      endpoint: flags.endpoint,
      variables: environment.variables,
      journal: createUploadJournal(locations.uploadsDirectory),
      signal,
    });
  if (/^[A-Za-z][A-Za-z0-9+.-]*:\/\//.test(location))
    throw new ExhibitError('DESTINATION_INVALID', 'a destination is a directory or s3://BUCKET/PREFIX', {
      subject: location,
    });
  const directory = isAbsolute(location) ? location : join(environment.workingDirectory, location);
  return createDirectoryDestination(directory, { signal });
}

/** Throws `USAGE_INVALID` for an end that is none, past, or more than a hundred years away. */
export function lockOf(flags: LockFlagValues, nowMs: number): StorageLock {
  const { 'object-lock': mode, 'retain-until': until, 'legal-hold': legalHold } = flags;
  if (mode === undefined || until === undefined) return { retention: null, legalHold };
  // Stores keep whole seconds; a part of one is given to the evidence.
  const untilMs = /^\d{4}-\d\d-\d\d/.test(until) ? Math.ceil((parseInstant(until) ?? NaN) / 1000) * 1000 : NaN;
  if (!(untilMs > nowMs && untilMs < nowMs + MAX_RETENTION_MS))
    throw new ExhibitError('USAGE_INVALID', 'a retention ends at a time to come, within a hundred years', {
      subject: until,
      hints: ['Write 2031-12-31 or 2031-12-31T23:59:59Z.'],
    });
  return { retention: { mode, untilAt: toRfc3339(untilMs) }, legalHold };
}
