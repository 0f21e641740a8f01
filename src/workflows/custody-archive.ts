import { asciiJson } from '../lib/ascii-json.js';
import { ExhibitError } from '../model/errors.js';
import type { Receipt } from '../model/exhibit.js';
import type { CustodyExhibit, NewCustodyEvent } from '../model/post-seal-custody.js';
import type { VerifyReport } from '../model/verdict.js';
import { isAgeFile } from '../evidence/open-archive.js';
import {
  exhibitIdOfName,
  receiptBeside,
  sha256OfArchive,
  sha256OfText,
} from '../evidence/post-seal/archive-at-hand.js';
import { readCustodyFolder } from '../evidence/post-seal/read-custody-folder.js';
import type { Clock } from '../ports/clock.js';
import { readGivenReceipt } from './read-given-receipt.js';
import { verify, type VerifyRequest } from './verify.js';

export interface CustodyDeps {
  readonly clock: Clock;
  readonly scratchDirectory: string;
}

/** The archive that an event is about, and how it was looked at. */
export interface CheckedArchive {
  readonly exhibit: CustodyExhibit;
  /** `null` = only its digest was compared. */
  readonly verified: NonNullable<NewCustodyEvent['verified']> | null;
  /** The bytes of which `verified` holds the digest; `null` when there was no check. */
  readonly reportText: string | null;
  /** SHA-256 of what is at hand, when it is not the archive that the record is about. */
  readonly foundSha256: string | null;
}

/**
 * Verifies the archive, or compares its digest with what is known of it: an encrypted one with its receipt, one that is not to be verified
 * with its receipt or its newest custody event. Throws `USAGE_INVALID` when nothing is known, `VERIFY_FAILED` for an archive that is
 * tampered with or that is another one; not when `isFailureRecorded` and it is known which one it should be.
 */
export async function checkArchive(
  request: VerifyRequest,
  options: { readonly isVerified: boolean; readonly isFailureRecorded: boolean },
  deps: CustodyDeps,
): Promise<CheckedArchive> {
  if (await isAgeFile(request.archivePath)) return await checkEncrypted(request, options.isVerified);
  if (!options.isVerified) return await checkDigest(request, deps);
  const report = await verify(request, deps);
  const reportText = `${asciiJson(report)}\n`;
  const verified = { verdict: report.verdict, reportSha256: sha256OfText(reportText) };
  if (report.verdict !== 'TAMPERED' && report.verdict !== 'UNDETERMINED')
    return { exhibit: exhibitOf(report), verified, reportText, foundSha256: null };
  const exhibit = options.isFailureRecorded ? await known(request, deps) : null;
  if (exhibit === null) throw notVerified(report);
  return { exhibit, verified, reportText, foundSha256: report.containerSha256 };
}

function exhibitOf({ statement, tagmanifestSha256, containerSha256 }: VerifyReport): CustodyExhibit {
  if (statement === null || tagmanifestSha256 === null || containerSha256 === null)
    throw new ExhibitError('INTERNAL', 'an archive that is intact has a statement and digests');
  return { exhibitId: statement.exhibitId, tagmanifestSha256, containerSha256 };
}

function notVerified({ archive, verdict }: VerifyReport): ExhibitError {
  return new ExhibitError('VERIFY_FAILED', `the verdict is ${verdict}; no event was written`, {
    subject: archive,
    hints: ['exhibit verify ARCHIVE', 'exhibit custody add verify ARCHIVE'],
    safe: 'The custody record is as it was.',
  });
}

async function receiptOf({ archivePath, receiptPath }: VerifyRequest): Promise<Receipt | null> {
  return receiptPath === null ? await receiptBeside(archivePath) : await readGivenReceipt(receiptPath);
}

/** What the receipt, or else the newest custody event, says of the archive; `null` when neither is there. */
async function known(request: VerifyRequest, { clock }: CustodyDeps): Promise<CustodyExhibit | null> {
  const receipt = await receiptOf(request);
  if (receipt !== null) return exhibitOfReceipt(receipt);
  const exhibitId = exhibitIdOfName(request.archivePath);
  if (exhibitId === null) return null;
  const trust = { list: null, atMs: clock.nowMs() };
  const { exhibit } = await readCustodyFolder({ archivePath: request.archivePath, exhibit: { exhibitId }, trust });
  const { tagmanifestSha256, containerSha256 } = exhibit;
  if (tagmanifestSha256 === undefined || containerSha256 === undefined) return null;
  return { exhibitId, tagmanifestSha256, containerSha256 };
}

function exhibitOfReceipt({ exhibitId, tagmanifestSha256, containerSha256 }: Receipt): CustodyExhibit {
  return { exhibitId, tagmanifestSha256, containerSha256 };
}

async function checkDigest(request: VerifyRequest, deps: CustodyDeps): Promise<CheckedArchive> {
  const { archivePath } = request;
  const exhibit = await known(request, deps);
  if (exhibit === null) {
    throw new ExhibitError(
      'USAGE_INVALID',
      '--no-verify compares the digest of the archive with its receipt or its newest custody event, and there is neither',
      { subject: archivePath, hints: ['exhibit custody add EVENT ARCHIVE --receipt FILE'] },
    );
  }
  const found = await sha256OfArchive(archivePath);
  if (found !== exhibit.containerSha256) throw another(archivePath, exhibit.containerSha256, found);
  return { exhibit, verified: null, reportText: null, foundSha256: null };
}

async function checkEncrypted(request: VerifyRequest, isVerified: boolean): Promise<CheckedArchive> {
  const { archivePath } = request;
  const receipt = await receiptOf(request);
  const encryptedSha256 = receipt?.encryptedSha256;
  if (receipt === null || encryptedSha256 === undefined) {
    throw new ExhibitError('USAGE_INVALID', 'an encrypted archive is known by the receipt that states its digest', {
      subject: archivePath,
      hints: ['exhibit custody add EVENT ARCHIVE --receipt FILE', 'exhibit decrypt ARCHIVE --identity FILE'],
    });
  }
  const found = await sha256OfArchive(archivePath);
  if (found !== encryptedSha256) throw another(archivePath, encryptedSha256, found);
  const exhibit = { ...exhibitOfReceipt(receipt), encryptedSha256 };
  if (!isVerified) return { exhibit, verified: null, reportText: null, foundSha256: null };
  const verdict = 'CIPHERTEXT_MATCHES' as const;
  const reportText = `${asciiJson({ archive: archivePath, verdict, ...exhibit })}\n`;
  return { exhibit, verified: { verdict, reportSha256: sha256OfText(reportText) }, reportText, foundSha256: null };
}

function another(archivePath: string, expected: string, found: string): ExhibitError {
  return new ExhibitError('VERIFY_FAILED', `the archive is another one: expected ${expected}, found ${found}`, {
    subject: archivePath,
    safe: 'The custody record is as it was.',
  });
}
