import { accessSync, constants, createReadStream } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { storageError } from '../../custody/storage-error.js';
import { ExhibitError } from '../../model/errors.js';
import type { Kind } from '../../model/exhibit.js';
import type { SealedExhibit, SealOptions } from '../seal-exhibit.js';
import { sealExhibit } from '../seal-exhibit.js';
import { writeExclusively } from '../destinations/exclusive-file.js';
import type { ExhibitSpool } from '../exhibit-spool.js';
import type { OpenCase } from '../open-case.js';
import type { Opening } from '../opening.js';
import { SortedSpill } from '../sorted-spill.js';
import type { CopyPassOptions } from './copy-pass.js';
import { endCopy, planCopy } from './redacted-ledger.js';
import { writeRedactedPayload } from './redacted-spool.js';
import type { Survey } from './redaction-survey.js';
import { SaltsFile, saltsPathOf } from './salts-file.js';

const SORT_MEMORY_BYTES = 4 * 1024 * 1024;

/** What a copy is made of: `derivedFrom` of the opening names the parent. */
export interface DeriveOptions {
  readonly openCase: OpenCase;
  readonly kind: Kind;
  readonly opening: Opening & { readonly derivedFrom: NonNullable<Opening['derivedFrom']> };
  /** For the custody log: what was asked for. */
  readonly note: Readonly<Record<string, unknown>>;
  readonly parent: Omit<CopyPassOptions, 'dropped' | 'visitor'>;
  readonly survey: Survey;
  /** `inspect` is the self-scan: no copy is sealed that it has not passed. */
  readonly seal: Omit<SealOptions, 'openCase' | 'exhibit'> & Pick<Required<SealOptions>, 'inspect'>;
  readonly scratchDirectory: string;
  readonly onProgress: (files: number, bytes: number, path: string) => void;
}

export interface DerivedExhibit extends SealedExhibit {
  /** Salts and digests of what went, beside the parent. */
  readonly saltsPath: string;
}

/**
 * Makes the redacted copy as the next exhibit of the case and seals it. What fails before the seal, and a copy that does not pass the
 * inspection, ends the exhibit without one; what else fails in the seal leaves it open, for the next derive to give up. Throws `CASE_CLOSED`, `STORAGE_*`, `REDACTION_UNDECIDED`, and as
 * `sealExhibit`.
 */
export async function deriveExhibit(options: DeriveOptions): Promise<DerivedExhibit> {
  const { openCase, kind, parent } = options;
  try {
    accessSync(dirname(parent.archive.path), constants.W_OK);
  } catch (error) {
    throw storageError(error, dirname(parent.archive.path));
  }
  const exhibit = await openCase.openExhibit({ kind });
  let salts: SaltsFile | null = null;
  try {
    salts = new SaltsFile(saltsPathOf(parent.archive.path, exhibit.exhibitId));
    await fill(exhibit, salts, options);
    await salts.sync();
  } catch (error) {
    await salts?.discard();
    await openCase.giveUp(exhibit, 'a redacted copy that failed');
    throw error;
  }
  try {
    const sealed = await sealExhibit({ ...options.seal, openCase, exhibit });
    const { exhibitId, tagmanifestSha256, containerSha256 } = sealed.receipt;
    const { derivedFrom } = options.opening;
    await salts.finish({
      parent: { exhibitId: derivedFrom.exhibitId, tagmanifestSha256: derivedFrom.tagmanifestSha256 },
      copy: { exhibitId, tagmanifestSha256, containerSha256 },
    });
    return { ...sealed, saltsPath: salts.path };
  } catch (error) {
    if (error instanceof ExhibitError && error.code === 'REDACTION_INCOMPLETE') {
      await salts.discard();
      await openCase.giveUp(exhibit, 'a redacted copy that holds what looks like a secret');
    }
    throw error;
  } finally {
    await exhibit.close();
  }
}

async function fill(exhibit: ExhibitSpool, salts: SaltsFile, options: DeriveOptions): Promise<void> {
  const { opening, note, parent, survey, onProgress } = options;
  const { clock } = options.seal;
  await exhibit.writeOpening(opening);
  await exhibit.custody.append('operator-note', { note: 'redacted copy', ...note });
  await planCopy(exhibit, parent.records, clock);
  const fates = new SortedSpill({ directory: options.scratchDirectory, maxMemoryBytes: SORT_MEMORY_BYTES });
  let redactions = 0;
  try {
    await writeRedactedPayload({
      ...parent,
      dropped: survey.dropped,
      exhibit,
      fates,
      onSalt: (salt) => {
        redactions += 1;
        salts.add(salt);
      },
      onProgress,
    });
    // The opening states a number that was counted before: the copy must be what was surveyed.
    if (redactions !== survey.redactions)
      throw new ExhibitError(
        'INTERNAL',
        `${String(survey.redactions)} redactions were counted and ${String(redactions)} made`,
      );
    await endCopy(exhibit, { records: parent.records, fates, redactions, clock });
  } finally {
    fates.dispose();
  }
}

/** Copies a sealed file into a folder, under its own name, compared with its digest before it gets that name; `null` = not known. */
export async function exportFile(path: string, directory: string, sha256: string | null): Promise<string> {
  const target = join(directory, basename(path));
  await writeExclusively(target, createReadStream(path, { highWaterMark: 1024 * 1024 }), (written) => {
    if (sha256 !== null && written.sha256 !== sha256)
      throw new ExhibitError('SOURCE_CHANGED', 'the sealed archive changed while it was copied', { subject: path });
  });
  return target;
}
