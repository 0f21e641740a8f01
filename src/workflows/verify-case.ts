import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { checkSequence } from '../evidence/verify/case-sequence.js';
import type { SequenceFinding, SequenceMember } from '../evidence/verify/case-sequence.js';
import { errnoOf, ExhibitError } from '../model/errors.js';
import type { Receipt } from '../model/exhibit.js';
import type { VerifyReport } from '../model/verdict.js';
import { readGivenReceipt } from './read-given-receipt.js';

/** The number of an exhibit has four digits. */
const MAX_ARCHIVES = 9999;

export interface VerifyCaseRequest {
  /** Folder of the archives; what is below its folders is not looked at. */
  readonly directory: string;
  /** Folder of the receipts that were kept elsewhere; `null` = none were. */
  readonly receiptsDirectory: string | null;
}

export interface VerifyCaseDeps {
  /** Checks one archive, against its receipt where one was kept. */
  readonly verifyOne: (archivePath: string, receiptPath: string | null) => Promise<VerifyReport>;
}

export interface VerifyCaseSummary {
  /** In the order of the names of the files. */
  readonly archives: readonly VerifyReport[];
  /** Archives that are encrypted: they must be decrypted first, and nothing is said about them. */
  readonly encrypted: readonly string[];
  /** What is wrong with the archives together. */
  readonly findings: readonly SequenceFinding[];
  /** The greatest of the archives' own statuses, and 4 where they do not make one whole case. */
  readonly exitCode: number;
}

/**
 * Checks every archive of a folder, and that together they are one case with no exhibit missing, forked or exchanged. Throws
 * `USAGE_INVALID` for a folder without archives or a file that is no receipt, and `STORAGE_FAILED`.
 */
export async function verifyCase(request: VerifyCaseRequest, deps: VerifyCaseDeps): Promise<VerifyCaseSummary> {
  const names = await namesIn(request.directory);
  const plain = names.filter((name) => name.endsWith('.tar.gz'));
  const encrypted = names.filter(
    (name) => name.endsWith('.tar.gz.age') && !plain.includes(name.slice(0, -'.age'.length)),
  );
  if (plain.length + encrypted.length === 0) {
    throw new ExhibitError('USAGE_INVALID', 'there is no archive in the folder', { subject: request.directory });
  }
  const kept = await receiptsIn(request.receiptsDirectory);
  const archives: VerifyReport[] = [];
  for (const name of plain) {
    const path = join(request.directory, name);
    archives.push(await deps.verifyOne(path, kept.get(name.slice(0, -'.tar.gz'.length))?.path ?? null));
  }
  const encryptedIds = new Set(encrypted.map((name) => name.slice(0, -'.tar.gz.age'.length)));
  const receipts = [...kept.values()].map(({ receipt }) => receipt);
  const findings = checkSequence(membersOf(archives), receipts).filter(
    ({ exhibitId, found }) => found !== 'none' || !encryptedIds.has(exhibitId),
  );
  const statuses = archives.map(({ exitCode }) => exitCode);
  return {
    archives,
    encrypted: encrypted.map((name) => join(request.directory, name)),
    findings,
    exitCode: Math.max(0, ...statuses, findings.length > 0 || encrypted.length > 0 ? 4 : 0),
  };
}

function membersOf(archives: readonly VerifyReport[]): SequenceMember[] {
  return archives.flatMap(({ archive, statement, tagmanifestSha256, verdict }) =>
    statement === null || tagmanifestSha256 === null || verdict === 'TAMPERED'
      ? []
      : [{ archive, statement, tagmanifestSha256 }],
  );
}

async function receiptsIn(
  directory: string | null,
): Promise<ReadonlyMap<string, { readonly path: string; readonly receipt: Receipt }>> {
  const receipts = new Map<string, { path: string; receipt: Receipt }>();
  if (directory === null) return receipts;
  for (const name of await namesIn(directory)) {
    if (!name.endsWith('.receipt.json')) continue;
    const path = join(directory, name);
    const receipt = await readGivenReceipt(path);
    receipts.set(receipt.exhibitId, { path, receipt });
  }
  return receipts;
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    const names = (await readdir(directory)).sort();
    if (names.length <= MAX_ARCHIVES * 8) return names;
  } catch (error) {
    throw new ExhibitError('USAGE_INVALID', `the folder cannot be read: ${errnoOf(error) ?? 'unknown error'}`, {
      subject: directory,
      cause: error,
    });
  }
  throw new ExhibitError('USAGE_INVALID', 'the folder has too many files to be one case', { subject: directory });
}
