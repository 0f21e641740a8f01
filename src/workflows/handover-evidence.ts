import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { storageError } from '../custody/storage-error.js';
import { asciiJson } from '../lib/ascii-json.js';
import { ExhibitError } from '../model/errors.js';
import type { Receipt, Statement } from '../model/exhibit.js';
import type { CustodyExhibit } from '../model/post-seal-custody.js';
import type { Verdict, VerifyReport } from '../model/verdict.js';
import type { AgeProgram } from '../evidence/age/age-program.js';
import { decryptArchive } from '../evidence/age/decrypt-archive.js';
import { readLaterTokens } from '../evidence/later-tokens.js';
import { isAgeFile } from '../evidence/open-archive.js';
import { exhibitIdOfName, receiptBeside } from '../evidence/post-seal/archive-at-hand.js';
import { secretItems } from '../evidence/secret-items.js';
import { verifyArchive } from '../evidence/verify/verify-archive.js';
import type { Clock } from '../ports/clock.js';
import type { PassphraseSource } from '../ports/passphrase-source.js';
import { readGivenReceipt } from './read-given-receipt.js';
import { readTsaRoots } from './read-tsa-roots.js';
import type { VerifyRequest } from './verify.js';

export interface HandoverEvidenceRequest {
  readonly archive: VerifyRequest;
  /** For an encrypted archive: files of age identities. */
  readonly identityPaths: readonly string[];
  /** Items of sensitivity `secret` may leave in the clear. */
  readonly plaintext: boolean;
  /** A verdict that is taken although it is none of the good ones, as the user typed it. */
  readonly accepted: Verdict | null;
}

export interface HandoverEvidenceDeps {
  readonly clock: Clock;
  readonly scratchDirectory: string;
  readonly passphrases: PassphraseSource;
  readonly ageProgram: AgeProgram;
  readonly signal: AbortSignal;
}

/** An archive that was looked at and may be handed over. */
export interface HandoverEvidence {
  readonly exhibit: CustodyExhibit;
  readonly report: VerifyReport;
  readonly reportText: string;
  readonly statement: Statement;
  readonly receipt: { readonly receipt: Receipt; readonly wasGiven: boolean } | null;
  /** SHA-256 of the file that is handed over: of the ciphertext where it is encrypted. */
  readonly fileSha256: string;
  readonly isEncrypted: boolean;
  readonly secretItems: number;
  /** Where the plain archive can be read; the archive itself where it is not encrypted. */
  readonly plainPath: string;
}

/** The format's own bound; what is longer fits no code that a camera can read. */
const MAX_RECEIPT_BYTES = 1024;

const GOOD: readonly Verdict[] = ['VERIFIED', 'VERIFIED_PARTIAL'];

/**
 * Verifies the archive, decrypted where it is encrypted, decides whether it may leave, and calls `use` while its plaintext can be read; a
 * decrypted one is removed afterwards. Throws `VERIFY_FAILED`, `PLAINTEXT_REFUSED`, `DECRYPT_FAILED`, `USAGE_INVALID`, `STORAGE_*`.
 */
export async function withHandoverEvidence<T>(
  request: HandoverEvidenceRequest,
  deps: HandoverEvidenceDeps,
  use: (evidence: HandoverEvidence) => Promise<T>,
): Promise<T> {
  const { archivePath } = request.archive;
  const receipt = await receiptOf(request.archive);
  if (!(await isAgeFile(archivePath))) return await use(await examine({ request, deps, receipt, decrypted: null }));
  const scratch = await mkdtemp(join(deps.scratchDirectory, 'exhibit-handover-'));
  try {
    const decrypted = await decrypt({ request, deps, receipt, scratch });
    return await use(await examine({ request, deps, receipt, decrypted }));
  } catch (error) {
    throw storageError(error, scratch);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

type KnownReceipt = HandoverEvidence['receipt'];

async function receiptOf({ archivePath, receiptPath }: VerifyRequest): Promise<KnownReceipt> {
  const wasGiven = receiptPath !== null;
  const receipt = wasGiven ? await readGivenReceipt(receiptPath) : await receiptBeside(archivePath);
  if (receipt === null) return null;
  if (asciiJson(receipt).length <= MAX_RECEIPT_BYTES) return { receipt, wasGiven };
  throw new ExhibitError('USAGE_INVALID', `a receipt has at most ${String(MAX_RECEIPT_BYTES)} bytes`, {
    subject: receiptPath ?? archivePath,
  });
}

interface Decrypted {
  readonly path: string;
  readonly encryptedSha256: string;
}

async function decrypt(options: {
  readonly request: HandoverEvidenceRequest;
  readonly deps: HandoverEvidenceDeps;
  readonly receipt: KnownReceipt;
  readonly scratch: string;
}): Promise<Decrypted> {
  const { request, deps, receipt, scratch } = options;
  const { archivePath } = request.archive;
  if (request.identityPaths.length === 0)
    throw new ExhibitError('USAGE_INVALID', 'the archive is encrypted; it is verified before it is handed over', {
      subject: archivePath,
      hints: [`exhibit handover ${archivePath} --to legal --identity FILE`],
    });
  if (receipt?.receipt.encryptedSha256 === undefined)
    throw new ExhibitError('USAGE_INVALID', 'an encrypted archive is known by the receipt that states its digest', {
      subject: archivePath,
      hints: [`exhibit handover ${archivePath} --to legal --identity FILE --receipt FILE`],
    });
  const { encryptedSha256, containerSha256 } = receipt.receipt;
  const path = join(scratch, `${exhibitIdOfName(archivePath) ?? receipt.receipt.exhibitId}.tar.gz`);
  const { identityPaths } = request;
  const { passphrases, ageProgram: program, signal } = deps;
  const expected = { encryptedSha256, containerSha256 };
  await decryptArchive({ path: archivePath, output: path, identityPaths, passphrases, program, expected, signal });
  return { path, encryptedSha256 };
}

async function examine(options: {
  readonly request: HandoverEvidenceRequest;
  readonly deps: HandoverEvidenceDeps;
  readonly receipt: KnownReceipt;
  readonly decrypted: Decrypted | null;
}): Promise<HandoverEvidence> {
  const { request, deps, receipt, decrypted } = options;
  const { archivePath } = request.archive;
  const plainPath = decrypted?.path ?? archivePath;
  const report = await verifyPlain(request.archive, { plainPath, receipt, deps });
  if (!GOOD.includes(report.verdict) && report.verdict !== request.accepted) throw notVerified(report, archivePath);
  const { statement, exhibit } = described(report, decrypted?.encryptedSha256);
  const secrets = (await secretItems(plainPath)).secretItems;
  if (secrets > 0 && decrypted === null && !request.plaintext) throw refused(archivePath, secrets);
  return {
    exhibit,
    report,
    reportText: `${asciiJson(report)}\n`,
    statement,
    receipt,
    fileSha256: exhibit.encryptedSha256 ?? exhibit.containerSha256,
    isEncrypted: decrypted !== null,
    secretItems: secrets,
    plainPath,
  };
}

function described(
  { statement, tagmanifestSha256, containerSha256, line, archive }: VerifyReport,
  encryptedSha256: string | undefined,
): { readonly statement: Statement; readonly exhibit: CustodyExhibit } {
  if (statement === null || tagmanifestSha256 === null || containerSha256 === null)
    throw new ExhibitError('VERIFY_FAILED', `an archive that says nothing cannot be described: ${line}`, {
      subject: archive,
      safe: 'Nothing was written.',
    });
  const exhibit = { exhibitId: statement.exhibitId, tagmanifestSha256, containerSha256 };
  return { statement, exhibit: encryptedSha256 === undefined ? exhibit : { ...exhibit, encryptedSha256 } };
}

/** As the workflow `verify`, but the custody folder is the one beside the archive, wherever its plaintext is. */
async function verifyPlain(
  request: VerifyRequest,
  options: { readonly plainPath: string; readonly receipt: KnownReceipt; readonly deps: HandoverEvidenceDeps },
): Promise<VerifyReport> {
  const { plainPath, receipt, deps } = options;
  const nowMs = deps.clock.nowMs();
  const { archivePath, allowedSigners, tsaCaPath = null, requireTimestamp = false } = request;
  const report = await verifyArchive({
    archivePath: plainPath,
    allowedSigners,
    receipt: receipt?.receipt ?? null,
    tsaRoots: tsaCaPath === null ? null : await readTsaRoots(tsaCaPath),
    requireTimestamp,
    laterTokens: (exhibit) => readLaterTokens({ archivePath, exhibit, nowMs }),
    now: nowMs,
    scratchDirectory: deps.scratchDirectory,
  });
  return { ...report, archive: archivePath };
}

function notVerified({ verdict, line }: VerifyReport, archivePath: string): ExhibitError {
  return new ExhibitError('VERIFY_FAILED', `an archive that does not verify is not handed over: ${line}`, {
    subject: archivePath,
    safe: 'Nothing was written.',
    hints: [
      `exhibit verify ${archivePath}`,
      `exhibit handover ${archivePath} --to legal --accept ${verdict}`,
      'exhibit key trust FILE --principal WHO',
    ],
  });
}

function refused(archivePath: string, secrets: number): ExhibitError {
  const what = secrets === 1 ? '1 file that is' : `${String(secrets)} files that are`;
  return new ExhibitError('PLAINTEXT_REFUSED', `the archive is not encrypted and holds ${what} marked secret`, {
    subject: archivePath,
    safe: 'Nothing was written.',
    hints: [`exhibit handover ${archivePath} --to legal --plaintext`, 'exhibit seal --encrypt-to RECIPIENT'],
  });
}
