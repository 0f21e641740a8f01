import { hash } from 'node:crypto';
import { renameSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { storageError } from '../custody/storage-error.js';
import { asciiJson } from '../lib/ascii-json.js';
import { toRfc3339 } from '../lib/clock.js';
import { ExhibitError } from '../model/errors.js';
import type { Receipt, Statement, Tool } from '../model/exhibit.js';
import { SEAL_NAMESPACE } from '../model/exhibit.js';
import type { VerifyReport } from '../model/verdict.js';
import type { Clock } from '../ports/clock.js';
import type { Io } from '../ports/io.js';
import type { Signer } from '../ports/signer.js';
import type { Timestamper } from '../ports/timestamper.js';
import type { TimestampFailure } from './add-seals.js';
import type { ExhibitSpool } from './exhibit-spool.js';
import { sealedPaths } from './finished-seal.js';
import { addNothingCollected } from './nothing-collected.js';
import type { OpenCase } from './open-case.js';
import { removeFile, replaceFile, syncDirectory } from './private-files.js';
import { readSealClocks } from './seal-clocks.js';
import { sealLedger } from './seal-ledger.js';
import { sealRequests } from './seal-requests.js';
import {
  assertFree,
  assertRoom,
  makeWorkDirectory,
  recordFailure,
  resumeAfterFailedSeal,
} from './seal-surroundings.js';
import { makeReceipt, makeStatement, unknownOpening } from './seal-statement.js';
import type { SealPolicy } from './seal-statement.js';
import { verifyArchive } from './verify/verify-archive.js';
import { announceTokens, whoAnswered } from './seal-tokens.js';
import type { StoredToken } from './timestamp/get-token.js';
import { writeArchive } from './write-archive.js';
import type { SealFiles, WrittenArchive } from './write-archive.js';

export interface SealOptions {
  readonly openCase: OpenCase;
  readonly exhibit: ExhibitSpool;
  readonly signer: Signer;
  /** Further signers of the same tagmanifest, in the order of their numbers. */
  readonly countersigners?: readonly Signer[];
  /** Each is asked for a token over the first signature; one that gives none stops nothing. */
  readonly timestampers?: readonly Timestamper[];
  readonly clock: Clock;
  readonly io: Io;
  readonly policy: SealPolicy;
  readonly classification?: string | null;
  /** Ends what was left open until now; what it writes into the ledger is sealed. */
  readonly settle?: () => Promise<void>;
  /** CycloneDX JSON of this program. */
  readonly sbom: Buffer;
  /** The program that seals; only stated for an exhibit whose process ended before it recorded its own. */
  readonly tool?: Tool;
  readonly signal?: AbortSignal;
  /** Looks at the archive that was read back, before it gets its name; what it throws ends the seal without an archive. */
  readonly inspect?: (archive: { readonly archivePath: string; readonly containerSha256: string }) => Promise<void>;
  /** Size of a part of a long payload file; 2^32 outside tests. */
  readonly partBytes?: number;
}

export interface SealedExhibit {
  readonly archivePath: string;
  readonly receiptPath: string;
  readonly receipt: Receipt;
  readonly statement: Statement;
  /** Of the reading back. */
  readonly report: VerifyReport;
  readonly timestamps: readonly SealedTimestamp[];
  readonly timestampFailures: readonly TimestampFailure[];
}

export interface SealedTimestamp {
  readonly url: string;
  /** As the certificate of the token says; escaped. */
  readonly authority: string;
  readonly genTime: string;
  readonly tsrSha256: string;
}

/**
 * Closes an exhibit, in whatever state a crash left it: completes the ledger, re-reads every payload file, writes, signs and reads back
 * the archive, and records it. Afterwards the exhibit is sealed in the case and its spool is still there. On any error the spool is
 * intact, no archive has its final name, and the seal can be repeated. Throws `SEAL_HASH_MISMATCH`, `VERIFY_FAILED`, `STORAGE_*`,
 * `KEY_INVALID`, `INTERRUPTED`, `CASE_CORRUPT`.
 */
export async function sealExhibit(options: SealOptions): Promise<SealedExhibit> {
  const { exhibit, openCase, io } = options;
  const paths = sealedPaths(openCase.sealedDirectory, exhibit.exhibitId);
  io.emit('SEAL_STARTED', `${exhibit.exhibitId} is being sealed`, { exhibitId: exhibit.exhibitId });
  await assertFree(paths.archive);
  await assertRoom(options);
  await resumeAfterFailedSeal(exhibit);
  await options.settle?.();
  await makeWorkDirectory(exhibit);
  try {
    await removeFile(paths.partial);
    return await new Seal(options).run();
  } catch (error) {
    await recordFailure(exhibit, error);
    throw error;
  } finally {
    await removeFile(paths.partial);
    await rm(exhibit.layout.sealWork, { recursive: true, force: true });
  }
}

class Seal {
  readonly #options: SealOptions;
  readonly #files: SealFiles;

  constructor(options: SealOptions) {
    this.#options = options;
    const scratch = (name: string): string => join(options.exhibit.layout.sealWork, name);
    this.#files = {
      plan: scratch('plan.jsonl'),
      outcomes: scratch('outcomes.jsonl'),
      requests: scratch('requests.jsonl'),
      items: scratch('items.jsonl'),
      manifest: scratch('manifest-sha256.txt'),
    };
  }

  async run(): Promise<SealedExhibit> {
    const { openCase, exhibit, signer } = this.#options;
    const statement = await this.#prepare();
    const paths = sealedPaths(openCase.sealedDirectory, exhibit.exhibitId);
    const written = await this.#write(statement, paths.partial);
    const receipt = makeReceipt({
      statement,
      tagmanifestSha256: hash('sha256', written.tagmanifest, 'hex'),
      containerSha256: written.containerSha256,
      signer: signer.fingerprint,
      token: written.tokens[0],
    });
    const report = await this.#readBack(paths.partial, { receipt, tokens: written.tokens });
    await this.#options.inspect?.({ archivePath: paths.partial, containerSha256: receipt.containerSha256 });
    await replaceFile(paths.receipt, `${asciiJson(receipt)}\n`);
    try {
      renameSync(paths.partial, paths.archive);
    } catch (error) {
      throw storageError(error, paths.archive);
    }
    await syncDirectory(openCase.sealedDirectory);
    await openCase.recordSeal(receipt);
    this.#options.io.emit('SEAL_DONE', `${exhibit.exhibitId} is sealed`, {
      exhibitId: exhibit.exhibitId,
      archive: paths.archive,
    });
    announceTokens({ io: this.#options.io, policy: this.#options.policy, archivePath: paths.archive, written });
    return {
      archivePath: paths.archive,
      receiptPath: paths.receipt,
      receipt,
      statement,
      report: { ...report, archive: paths.archive },
      timestamps: written.tokens.map(({ url, authority, genTime, tsrSha256 }) => ({
        url,
        authority,
        genTime,
        tsrSha256,
      })),
      timestampFailures: written.failures,
    };
  }

  /** Completes ledger and custody log; afterwards nothing of the spool changes any more. */
  async #prepare(): Promise<Statement> {
    const { exhibit, openCase, clock, io, signal, timestampers = [] } = this.#options;
    await readSealClocks({ exhibit, timestampers, clock, io, signal });
    if (exhibit.counts().items === 0) await addNothingCollected(exhibit, clock);
    const at = toRfc3339(clock.nowMs());
    const directory = exhibit.layout.sealWork;
    const ledger = await sealLedger({
      exhibit,
      directory,
      planFile: this.#files.plan,
      outcomesFile: this.#files.outcomes,
      at,
    });
    // The entry makes the request log write out what it holds; what it says is counted after.
    await exhibit.custody.append('preflight', { phase: 'seal', interruptedArtifacts: ledger.interrupted });
    const requests = sealRequests({ spool: exhibit.layout.requests, directory, file: this.#files.requests });
    await exhibit.custody.append('request-summary', { ...requests });
    const counts = exhibit.counts();
    await exhibit.custody.append('seal', {
      payloadFiles: counts.items,
      payloadBytes: counts.payloadBytes,
      planned: counts.planned,
      outcomes: counts.outcomes,
      gaps: ledger.gaps,
      signer: this.#options.signer.fingerprint,
    });
    const statement = makeStatement({
      file: openCase.file,
      exhibit,
      opening: exhibit.opening() ?? unknownOpening(openCase.file, this.#options.tool),
      exhibits: openCase.exhibits,
      policy: this.#options.policy,
      classification: this.#options.classification ?? null,
      createdAt: toRfc3339(clock.nowMs()),
      payloadFiles: counts.items,
      payloadBytes: counts.payloadBytes,
      outcomes: counts.outcomes,
      gaps: ledger.gaps,
      custody: exhibit.custody,
    });
    this.#announceNotSealed(statement);
    return statement;
  }

  #announceNotSealed({ openedNotSealed }: Statement): void {
    for (const { exhibitId } of openedNotSealed) {
      this.#options.io.emit('SEAL_OPENED_NOT_SEALED', `${exhibitId} was opened and never sealed`, { exhibitId });
    }
  }

  async #write(statement: Statement, partial: string): Promise<WrittenArchive> {
    const { exhibit, openCase, sbom, signal, io, tool, timestampers = [] } = this.#options;
    return await writeArchive({
      partial,
      statement,
      opening: exhibit.opening() ?? unknownOpening(openCase.file, tool),
      layout: exhibit.layout,
      files: this.#files,
      sbom,
      signers: this.#signers(),
      timestampers,
      signal,
      onProgress: (done, bytes, path) =>
        io.progress({
          phase: 'seal',
          done,
          total: statement.payloadFiles,
          bytes,
          current: [path],
          gaps: 0,
          lastError: null,
        }),
    });
  }

  #signers(): readonly [Signer, ...Signer[]] {
    return [this.#options.signer, ...(this.#options.countersigners ?? [])];
  }

  async #readBack(
    archivePath: string,
    { receipt, tokens }: { readonly receipt: Receipt; readonly tokens: readonly StoredToken[] },
  ): Promise<VerifyReport> {
    const { exhibit, clock, io, policy, partBytes } = this.#options;
    io.emit('SEAL_READBACK', 'the finished archive is read back', { exhibitId: exhibit.exhibitId });
    const text = this.#signers()
      .map(({ publicKey }) => `sealer namespaces="${SEAL_NAMESPACE}" ${publicKey}\n`)
      .join('');
    const report = await verifyArchive({
      archivePath,
      allowedSigners: { source: 'the key that sealed it', text },
      receipt,
      tsaRoots: tokens.length === 0 ? null : whoAnswered(tokens),
      now: clock.nowMs(),
      scratchDirectory: exhibit.layout.sealWork,
      ...(partBytes === undefined ? {} : { partBytes }),
    });
    // A policy may ask for what can only be added later: a token. Then the archive is intact and says so itself.
    const isTimePending = report.verdict === 'INTACT_UNTIMESTAMPED' && policy.requireTimestamp;
    if (report.verdict === 'VERIFIED' || report.verdict === 'VERIFIED_PARTIAL' || isTimePending) return report;
    const first = report.findings[0];
    const found =
      first === undefined ? '' : `: ${first.path} ${first.check}: expected ${first.expected}, found ${first.found}`;
    throw new ExhibitError(
      'VERIFY_FAILED',
      `the finished archive does not verify when it is read back (${report.verdict})${found}`,
      {
        subject: exhibit.exhibitId,
        safe: 'The spool is as it was.',
      },
    );
  }
}
