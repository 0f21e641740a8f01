import { rm, statfs } from 'node:fs/promises';
import { storageError } from '../custody/storage-error.js';
import { errnoOf, ExhibitError } from '../model/errors.js';
import type { ExhibitSpool } from './exhibit-spool.js';
import type { OpenCase } from './open-case.js';
import { makePrivateDirectory } from './private-files.js';
import { sizeOfFile } from './read-for-seal.js';

/** Empty, whatever a seal that died left in it. */
export async function makeWorkDirectory({ layout }: ExhibitSpool): Promise<void> {
  try {
    await rm(layout.sealWork, { recursive: true, force: true });
    makePrivateDirectory(layout.sealWork);
  } catch (error) {
    throw storageError(error, layout.sealWork);
  }
}

/** Whoever put a file in the archive's place, we do not overwrite it. */
export async function assertFree(archive: string): Promise<void> {
  try {
    await sizeOfFile(archive);
  } catch (error) {
    if (error instanceof ExhibitError && errnoOf(error.cause) === 'ENOENT') return;
    throw error;
  }
  throw new ExhibitError('STORAGE_FAILED', 'a file that is not the sealed exhibit stands in the place of its archive', {
    subject: archive,
  });
}

/** As if nothing could be compressed: better to refuse a seal that would have fitted than to fill the disk of a running case. */
export async function assertRoom({
  exhibit,
  openCase,
}: {
  readonly exhibit: ExhibitSpool;
  readonly openCase: OpenCase;
}): Promise<void> {
  const { bavail, bsize } = await statfs(openCase.sealedDirectory);
  const needed = exhibit.counts().payloadBytes + exhibit.custody.sizeBytes;
  if (bavail * bsize >= needed) return;
  throw new ExhibitError(
    'STORAGE_FULL',
    `the archive may need ${String(needed)} bytes, and ${String(bavail * bsize)} are free`,
    {
      subject: openCase.sealedDirectory,
      safe: 'What was collected is intact.',
      hints: [`df -h ${openCase.sealedDirectory}`, 'exhibit seal'],
    },
  );
}

/** The custody log goes on after a seal that died, or after one that failed and said so. */
export async function resumeAfterFailedSeal({ custody }: ExhibitSpool): Promise<void> {
  if (custody.lastEvent === 'seal') await custody.append('interrupted', { reason: 'a seal was not finished' });
  if (custody.lastEvent === 'interrupted') await custody.append('resumed');
}

export async function recordFailure({ custody }: ExhibitSpool, error: unknown): Promise<void> {
  const known = error instanceof ExhibitError ? error : null;
  try {
    await custody.append('interrupted', {
      reason: 'the seal failed',
      code: known?.code ?? 'INTERNAL',
      detail: error instanceof Error ? error.message.slice(0, 500) : '',
      subject: known?.subject ?? null,
    });
  } catch {
    // The disk may be the very reason: the error that ended the seal says more than this one.
  }
}
