import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { storageError } from '../custody/storage-error.js';
import { type WrittenFile, writeExclusively } from '../evidence/destinations/exclusive-file.js';
import { isAgeFile } from '../evidence/open-archive.js';
import { ExhibitError } from '../model/errors.js';
import type { Receipt } from '../model/exhibit.js';
import type { VerifyReport } from '../model/verdict.js';
import type { Clock } from '../ports/clock.js';
import type { Destination, StoredFile } from '../ports/destination.js';
import type { Io } from '../ports/io.js';
import { pullCompanions, type PulledCompanions } from './pull-companions.js';
import { readGivenReceipt } from './read-given-receipt.js';
import { verify, type VerifyRequest } from './verify.js';

export interface PullRequest {
  /** Below the source. */
  readonly name: string;
  readonly outputDirectory: string;
  /** Refuses more than this; `null` = whatever size the source says. */
  readonly maxBytes: number | null;
  readonly verify: Omit<VerifyRequest, 'archivePath'>;
}

export interface PullDeps {
  readonly source: Destination;
  readonly clock: Clock;
  readonly io: Io;
  readonly scratchDirectory: string;
}

export interface PullSummary extends PulledCompanions {
  readonly location: string;
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly versionId: string | null;
  /** What the source and the receipt said of the digest; neither is asked to say it: a bad one is an error. */
  readonly digestOfSource: 'matches' | 'none';
  readonly digestOfReceipt: 'matches' | 'none';
  /** `null` for an encrypted archive, of which nothing inside can be checked. */
  readonly report: VerifyReport | null;
}

/** What every shell and file system takes, and no file of the machine is called. */
const PLAIN_NAME = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,199}$/;
const MIB = 1024 * 1024;

/**
 * Fetches an archive under a name of its own, compares its digest with all that is known of it, gives it its name, fetches what push put
 * beside it, and verifies it. Nothing is replaced. Throws `DESTINATION_INVALID` when there is none, `TOO_LARGE`, `DESTINATION_OCCUPIED` when the name is taken here,
 * `VERIFY_FAILED` when a digest differs, after which nothing is left. A bad verdict is in the report, and the file stays.
 */
export async function pull(request: PullRequest, deps: PullDeps): Promise<PullSummary> {
  const { source, io } = deps;
  const { receiptPath } = request.verify;
  const receipt = receiptPath === null ? null : await readGivenReceipt(receiptPath);
  assertPlain(request.name);
  const stored = await found(request, source);
  const path = await pathFor(request);
  io.emit('PULL_STARTED', `fetching ${String(stored.sizeBytes)} bytes from ${stored.location}`, {
    location: stored.location,
  });
  const { sha256, sizeBytes } = await writeExclusively(path, watched(stored, deps), (written) => {
    assertDigests(written, stored, receipt);
  });
  // Before the verification, which reads the tokens that were got later.
  const companions = await pullCompanions({ source, name: request.name, archivePath: path, io });
  const isEncrypted = await isAgeFile(path);
  const given = receipt === null ? {} : { receipt };
  return {
    location: stored.location,
    path,
    sizeBytes,
    sha256,
    versionId: stored.versionId,
    digestOfSource: stored.sha256 === null ? 'none' : 'matches',
    digestOfReceipt: receipt === null ? 'none' : 'matches',
    ...companions,
    report: isEncrypted ? null : await verify({ ...request.verify, ...given, archivePath: path }, deps),
  };
}

async function found({ name, maxBytes }: PullRequest, source: Destination): Promise<StoredFile> {
  const stored = await source.find(name);
  if (stored === null)
    throw new ExhibitError('DESTINATION_INVALID', 'nothing has this name there', { subject: source.locationOf(name) });
  if (maxBytes !== null && stored.sizeBytes > maxBytes)
    throw new ExhibitError('TOO_LARGE', `it has ${String(stored.sizeBytes)} bytes; the limit is ${String(maxBytes)}`, {
      subject: stored.location,
      hints: ['exhibit pull SOURCE --max-bytes N'],
    });
  return stored;
}

function assertPlain(name: string): void {
  if (PLAIN_NAME.test(name)) return;
  throw new ExhibitError('USAGE_INVALID', 'the source ends with the name of a file: letters, digits, dot, dash', {
    subject: name,
    hints: ['exhibit pull s3://BUCKET/PREFIX/CASE-x0001.tar.gz --output FOLDER'],
  });
}

async function pathFor({ name, outputDirectory }: PullRequest): Promise<string> {
  try {
    await mkdir(outputDirectory, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw storageError(error, outputDirectory);
  }
  return join(outputDirectory, name);
}

async function* watched(stored: StoredFile, { source, io }: PullDeps): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const chunk of source.read(stored)) {
    bytes += chunk.length;
    io.progress({
      phase: 'pull',
      done: Math.ceil(bytes / MIB),
      total: Math.ceil(stored.sizeBytes / MIB),
      bytes,
      current: [stored.location],
      gaps: 0,
      lastError: null,
    });
    yield chunk;
  }
}

function assertDigests({ sha256, sizeBytes }: WrittenFile, stored: StoredFile, receipt: Receipt | null): void {
  const refuse = (text: string): never => {
    throw new ExhibitError('VERIFY_FAILED', text, { subject: stored.location, safe: 'What was fetched was removed.' });
  };
  if (sizeBytes !== stored.sizeBytes) refuse(`${String(sizeBytes)} bytes came, not ${String(stored.sizeBytes)}`);
  if (stored.sha256 !== null && stored.sha256 !== sha256)
    refuse(`the bytes have the digest ${sha256}, and the source says ${stored.sha256}`);
  if (receipt === null) return;
  if (sha256 !== receipt.containerSha256 && sha256 !== receipt.encryptedSha256)
    refuse(`the bytes have the digest ${sha256}, and the receipt is of another archive`);
}
