import { resolve } from 'node:path';
import { Flags } from '@oclif/core';
import { ArchiveKey, opensWithPassphrase } from '../evidence/age/plain-source.js';
import { isAgeFile, type OpenedArchive } from '../evidence/open-archive.js';
import type { Context } from './context.js';

/** For commands that read an archive which may be encrypted. */
export const identityFlags = {
  'identity': Flags.string({
    char: 'i',
    helpValue: 'FILE',
    multiple: true,
    multipleNonGreedy: true,
    summary: 'Private key of age for an encrypted archive, which is decrypted while it is read; repeatable.',
  }),
  'passphrase-fd': Flags.string({ helpValue: 'N', summary: 'File descriptor that passphrases are read from.' }),
};

interface IdentityFlagValues {
  readonly 'identity': readonly string[] | undefined;
  readonly 'passphrase-fd': string | undefined;
}

type OpenArchive = ((path: string) => Promise<OpenedArchive>) | undefined;

interface KeyWanted {
  readonly archivePath: string;
  readonly flags: IdentityFlagValues;
}

/**
 * What opens an archive that is encrypted. `null` for one that is not, and for one that needs a key when none was given: it is refused
 * where it is opened. The caller disposes of it.
 */
export async function archiveKeyOf(context: Context, { archivePath, flags }: KeyWanted): Promise<ArchiveKey | null> {
  if (!(await isAgeFile(archivePath))) return null;
  if (flags.identity === undefined && !(await opensWithPassphrase(archivePath))) return null;
  const { environment, scratchDirectory, signal } = context;
  return new ArchiveKey({
    identityPaths: (flags.identity ?? []).map((path) => resolve(environment.workingDirectory, path)),
    passphrases: context.passphrases(flags['passphrase-fd']),
    program: { variables: environment.variables },
    scratchDirectory,
    signal,
  });
}

/**
 * Does work on an archive that may be encrypted: `open` is what opens it then, `undefined` for one that is not. A passphrase is asked for
 * where the file needs one. Nothing is left of the key afterwards.
 */
export async function withArchiveKey<T>(
  context: Context,
  wanted: KeyWanted,
  work: (open: OpenArchive) => Promise<T>,
): Promise<T> {
  const key = await archiveKeyOf(context, wanted);
  try {
    return await work(key === null ? undefined : async (path) => await key.open(path));
  } finally {
    key?.dispose();
  }
}
