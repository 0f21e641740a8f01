import { lstat, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { storageError } from '../../custody/storage-error.js';
import { syncDirectory } from '../../custody/sync-directory.js';
import { errnoOf, ExhibitError } from '../../model/errors.js';
import type { VerifyReport } from '../../model/verdict.js';
import { TAGMANIFEST } from '../bag-layout.js';
import { readGzipMember, type GzipMember } from '../gzip-member-reader.js';
import { openArchive } from '../open-archive.js';
import { UstarReader } from '../ustar-reader.js';
import { boundsOf, changed, Extraction } from './extraction.js';
import { readBack } from './read-back.js';
import { syncFileSystem } from './sync-file-system.js';

const PARTIAL = '.partial';

export interface ExtractOptions {
  readonly archivePath: string;
  /**
   * The verification of this archive, made just before; the caller has judged the verdict. TAMPERED and UNDETERMINED: what can be read is
   * written as it was found, and only compared with what passed by.
   */
  readonly report: VerifyReport;
  /** Becomes the bag's folder; must not be there, or be empty. */
  readonly outputPath: string;
  /** Payload to take: whole paths or folders of the bag; none = all. Every file that is no payload is always taken. */
  readonly prefixes: readonly string[];
  readonly signal: AbortSignal;
  /** Brings all that was written onto the disk at once; `false` = it cannot. Default: `syncFileSystem`. */
  readonly syncAll?: ((folder: string) => Promise<boolean>) | undefined;
}

export interface Extracted {
  readonly files: number;
  readonly sizeBytes: number;
  /** Payload files that were not selected. */
  readonly leftOut: number;
}

/**
 * Takes the files out of an archive that was verified. The archive is read a second time, and counts only when its SHA-256 is the one that
 * was verified, so that what was written is what was verified, whoever exchanged the file in between; then everything is brought to the
 * disk, at once where the system can, and every file is read back and compared with the manifests. Until then the folder is called `<output>.partial`; it is removed when anything fails.
 *
 * Throws `USAGE_INVALID` when the output is there already, `VERIFY_FAILED` when the archive changed meanwhile or nothing is at a prefix,
 * `SEAL_HASH_MISMATCH` when the disk gives back other bytes, `STORAGE_*`, and the reason of `signal`.
 */
export async function extractArchive(options: ExtractOptions): Promise<Extracted> {
  const output = resolve(options.outputPath);
  const partial = output + PARTIAL;
  await assertFree(output);
  await makePartial(partial);
  try {
    const extraction = await unpack(options, partial);
    if (extraction.taken === 0 && options.prefixes.length > 0) throw nothingThere(options);
    await readBack({
      folder: partial,
      prefixes: options.prefixes,
      unlisted: extraction.unlisted,
      hasManifests: !isAsFound(options.report),
      files: extraction.files,
      signal: options.signal,
      isSynced: await (options.syncAll ?? syncFileSystem)(partial),
    });
    await rename(partial, output);
    await syncDirectory(dirname(output));
    return { files: extraction.files, sizeBytes: extraction.sizeBytes, leftOut: extraction.leftOut };
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    throw clear(error, output);
  }
}

/** Whether the archive is not one that its own manifests vouch for. */
function isAsFound({ verdict }: VerifyReport): boolean {
  return verdict === 'TAMPERED' || verdict === 'UNDETERMINED';
}

/** Unpacks, and makes sure that the archive was the one that was verified. */
async function unpack({ archivePath, report, prefixes, signal }: ExtractOptions, folder: string): Promise<Extraction> {
  const { statement } = report;
  if (statement === null) throw unbounded(archivePath);
  const asFound = isAsFound(report);
  const extraction = new Extraction({ folder, bounds: boundsOf(statement), prefixes, asFound });
  const tar = new UstarReader({ onFile: (path, sizeBytes) => extraction.sinkFor(path, sizeBytes) });
  const { file } = await openArchive(archivePath);
  let member: GzipMember;
  try {
    member = await readGzipMember(file, {
      onBytes: (bytes) => {
        signal.throwIfAborted();
        tar.push(bytes);
      },
      isEnough: () => tar.isBroken,
    });
  } finally {
    await file.close();
    extraction.close();
  }
  if (member.containerSha256 !== report.containerSha256) throw changed('its SHA-256 is another');
  const isWhole = tar.finish() === null && extraction.unlisted.get(TAGMANIFEST) === report.tagmanifestSha256;
  if (!isWhole && !asFound) throw changed('its contents are others');
  return extraction;
}

function nothingThere({ prefixes, archivePath }: ExtractOptions): ExhibitError {
  return new ExhibitError('USAGE_INVALID', `the archive holds no payload at ${prefixes.join(', ')}`, {
    subject: archivePath,
    hints: ['exhibit show ARCHIVE -o wide'],
    safe: 'Nothing is left of the extraction.',
  });
}

function unbounded(archivePath: string): ExhibitError {
  return new ExhibitError('VERIFY_FAILED', 'the archive has no statement that says how much it unpacks to', {
    subject: archivePath,
    safe: 'Nothing was written.',
  });
}

async function assertFree(output: string): Promise<void> {
  try {
    const stats = await lstat(output);
    if (stats.isDirectory() && (await readdir(output)).length === 0) return;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return;
    throw storageError(error, output);
  }
  throw new ExhibitError('USAGE_INVALID', 'the output must be a folder that is not there yet, or an empty one', {
    subject: output,
    hints: ['exhibit extract ARCHIVE --output NEW-FOLDER'],
    safe: 'Nothing was written.',
  });
}

async function makePartial(partial: string): Promise<void> {
  try {
    await mkdir(partial, { mode: 0o700 });
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw storageError(error, partial);
    throw new ExhibitError(
      'USAGE_INVALID',
      'an extraction into this folder runs, or was ended before it was complete',
      {
        subject: partial,
        hints: [`rm -r ${partial}`],
        safe: 'Nothing was written.',
        cause: error,
      },
    );
  }
}

/** A full disk is told with what it means here. */
function clear(error: unknown, output: string): unknown {
  if (error instanceof ExhibitError || errnoOf(error) === undefined) return error;
  const stored = storageError(error, output);
  return new ExhibitError(stored.code, stored.message, {
    subject: output,
    safe: 'The archive is untouched; what had been written was removed.',
    hints: ['df -h'],
    cause: error,
  });
}
