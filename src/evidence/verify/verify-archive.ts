import { tmpdir } from 'node:os';
import { errnoOf, ExhibitError } from '../../model/errors.js';
import type { Receipt, Statement } from '../../model/exhibit.js';
import type { CustodyExhibit } from '../../model/post-seal-custody.js';
import type { VerifyReport } from '../../model/verdict.js';
import { parseAllowedSigners, type AllowedSigners, type GivenTrust } from '../allowed-signers.js';
import { TAGMANIFEST, tokenFiles } from '../bag-layout.js';
import { readGzipMember, type GzipMember } from '../gzip-member-reader.js';
import { openArchive, type OpenedArchive } from '../open-archive.js';
import { BagInspection } from './bag-inspection.js';
import { type CustodyTime, tokenChains } from './custody-tokens-check.js';
import { Findings } from './findings.js';
import { checkReceipt } from './receipt-check.js';
import { renderReport, type ReportFacts } from './render-report.js';
import { checkSeal, type CheckedSeal } from './seal-check.js';
import { checkTime, type CheckedTime, type LaterToken, type TsaRoots } from './time-check.js';
import { sealTimeAlarms } from './seal-time-alarms.js';
import { isTimeRequired } from './verdict.js';
import { checkHistory } from './history-check.js';
import { checkRepeats } from './repeats-check.js';
import { checkBagFiles, checkStatement, readStatement } from './statement-check.js';

export interface VerifyProgress {
  readonly readBytes: number;
  readonly totalBytes: number;
}

export interface VerifyOptions {
  readonly archivePath: string;
  /** Opens it where it is encrypted; default: as a file that is not. */
  readonly open?: ((path: string) => Promise<OpenedArchive>) | undefined;
  /** OpenSSH allowed_signers from outside the archive, and where it came from. Without one no signer is trusted. */
  readonly allowedSigners?: GivenTrust | null;
  readonly receipt?: Receipt | null;
  /** Exit status 3 for `VERIFIED_PARTIAL`. */
  readonly requireComplete?: boolean;
  /** Roots of time-stamping authorities from outside the archive. Where they are given, a token that leads to one of them must be there. */
  readonly tsaRoots?: TsaRoots | null;
  /** As if the signed policy asked for a token. */
  readonly requireTimestamp?: boolean;
  /** Tokens got after the seal, oldest first; asked for once the archive has said which one it is, and only where a token must be there. */
  readonly laterTokens?: (exhibit: CustodyExhibit) => Promise<readonly LaterToken[]>;
  /** Is handed what a further token is to be over, when the archive is signed. */
  readonly onToStamp?: (bytes: Buffer) => void;
  /** Epoch milliseconds at which the validity of keys is judged; that of the first signer, where a token proves an earlier time, then. */
  readonly now: number;
  /** For sort files without names, when an archive has too many files for memory; default: the system's folder for temporary files. */
  readonly scratchDirectory?: string;
  /** Gives up, as UNDETERMINED, when the archive unpacks to more than this. */
  readonly maxTarBytes?: number;
  /** Size of the parts of split payload; 2^32 outside tests. */
  readonly partBytes?: number;
  readonly onProgress?: (progress: VerifyProgress) => void;
}

const NO_SEAL: CheckedSeal = { signers: [] };
const NO_TIME: CheckedTime = { timestamps: [], provenMs: null, toStamp: Buffer.alloc(0) };

/** One verification, from the open file to the report. */
class Verification {
  readonly #options: VerifyOptions;
  readonly #findings = new Findings();
  readonly #bag: BagInspection;
  #member: GzipMember | null = null;
  #undetermined: string | null = null;
  #encryptedSha256: string | null = null;
  #isTarWhole = false;
  #statement: Statement | null = null;
  #seal = NO_SEAL;
  #time = NO_TIME;
  #custodyTime: CustodyTime = { timestamps: [], alarms: [] };
  #trust: AllowedSigners | null = null;

  constructor(options: VerifyOptions) {
    this.#options = options;
    const { partBytes, scratchDirectory = tmpdir() } = options;
    this.#bag = new BagInspection({
      findings: this.#findings,
      scratchDirectory,
      bounds: options.receipt ?? null,
      ...(partBytes === undefined ? {} : { partBytes }),
    });
  }

  async run({ file, sizeBytes, encryptedSha256 }: OpenedArchive): Promise<VerifyReport> {
    try {
      await this.#read(file, sizeBytes);
      this.#encryptedSha256 = encryptedSha256?.() ?? null;
      if (this.#undetermined === null) await this.#conclude();
    } catch (error) {
      this.#undetermined = reasonOf(error);
    } finally {
      this.#bag.dispose();
    }
    return renderReport(this.#facts());
  }

  async #read(file: OpenedArchive['file'], totalBytes: number): Promise<void> {
    const { onProgress, maxTarBytes } = this.#options;
    const member = await readGzipMember(file, {
      onBytes: (bytes) => {
        this.#bag.push(bytes);
      },
      isEnough: () => this.#bag.isBroken,
      ...(maxTarBytes === undefined ? {} : { maxTarBytes }),
      ...(onProgress === undefined
        ? {}
        : {
            onProgress: (readBytes: number) => {
              onProgress({ readBytes, totalBytes });
            },
          }),
    });
    this.#member = member;
    if (member.problem !== null) this.#findings.add('container', { path: '', ...member.problem });
    if (member.isTooLarge) this.#undetermined = `the archive unpacks to more than ${String(maxTarBytes)} bytes`;
  }

  /** What can only be compared once everything has passed by. */
  async #conclude(): Promise<void> {
    const { tagFiles } = this.#bag;
    this.#isTarWhole = this.#bag.finish();
    this.#statement = readStatement(tagFiles.held('meta/exhibit.json'), this.#findings);
    if (this.#isTarWhole) this.#compare();
    const given = this.#options.allowedSigners;
    this.#trust = given ? parseAllowedSigners(given.text, given.revoked) : null;
    if (tagFiles.held(TAGMANIFEST) !== null) await this.#judgeSeal(this.#options.tsaRoots ?? null);
    this.#tellWhatIsBeyond();
    if (this.#options.receipt && this.#member !== null) this.#compareReceipt(this.#options.receipt, this.#member);
  }

  async #judgeSeal(roots: TsaRoots | null): Promise<void> {
    const { tagFiles } = this.#bag;
    this.#time = checkTime({
      files: tagFiles,
      findings: this.#findings,
      roots,
      laterTokens: await this.#laterTokens(),
    });
    this.#custodyTime = this.#bag.custody.tokens.conclude(roots, tokenChains(tagFiles));
    if (this.#time.toStamp.length > 0) this.#options.onToStamp?.(this.#time.toStamp);
    this.#seal = checkSeal({
      files: tagFiles,
      findings: this.#findings,
      trust: this.#trust,
      provenMs: this.#time.provenMs,
      nowMs: this.#options.now,
      requireSigners: this.#statement?.policy.requireSigners ?? null,
      sealedBy: this.#isTarWhole ? this.#bag.custody.story.sealedBy : null,
    });
  }

  /** The rest of the piece that was being looked at may hold all of it; then that says more. */
  #tellWhatIsBeyond(): void {
    const { beyond } = this.#bag;
    if (beyond === null || this.#statement !== null) return;
    this.#findings.add(this.#options.receipt ? 'receipt' : 'counts', beyond);
  }

  get #isTimeAskedFor(): boolean {
    return this.#options.requireTimestamp === true || Boolean(this.#options.tsaRoots);
  }

  async #laterTokens(): Promise<readonly LaterToken[]> {
    const tagmanifestSha256 = this.#bag.tagFiles.sha256Of(TAGMANIFEST);
    if (this.#statement === null || this.#member === null || tagmanifestSha256 === null) return [];
    if (!isTimeRequired({ statement: this.#statement, isTimeAskedFor: this.#isTimeAskedFor })) return [];
    const { exhibitId } = this.#statement;
    const { containerSha256 } = this.#member;
    return (await this.#options.laterTokens?.({ exhibitId, tagmanifestSha256, containerSha256 })) ?? [];
  }

  #compare(): void {
    const { tagFiles, payload, ledger, custody, root, mtimeSeconds } = this.#bag;
    tagFiles.check();
    checkBagFiles(this.#statement, tagFiles, this.#findings);
    if (this.#statement === null) return;
    const observed = {
      root,
      mtimeSeconds,
      payloadFiles: payload.files,
      payloadBytes: payload.sizeBytes,
      outcomeCounts: ledger.counts,
      gaps: ledger.gaps,
      custodyEntries: custody.entries,
      custodyHeadSha256: custody.headSha256,
    };
    checkStatement(this.#statement, observed, this.#findings);
    checkHistory(this.#statement, this.#findings);
    checkRepeats(this.#statement, tagFiles, this.#findings);
    custody.story.conclude(this.#statement, observed, payload);
    this.#bag.redactions.conclude(this.#statement, payload);
  }

  #compareReceipt(receipt: Receipt, member: GzipMember): void {
    const facts = {
      statement: this.#statement,
      tagmanifestSha256: this.#bag.tagFiles.sha256Of(TAGMANIFEST),
      containerSha256: member.containerSha256,
      encryptedSha256: this.#encryptedSha256,
      signers: this.#seal.signers.map(({ fingerprint }) => fingerprint),
      tsrSha256: this.#bag.tagFiles.sha256Of(tokenFiles(1)[1]),
      genTime: this.#time.timestamps.find(({ path }) => path === tokenFiles(1)[1])?.genTime ?? null,
    };
    checkReceipt(receipt, facts, this.#findings);
  }

  #facts(): ReportFacts {
    return {
      archive: this.#options.archivePath,
      findings: this.#findings,
      undetermined: this.#undetermined,
      member: this.#member,
      encryptedSha256: this.#encryptedSha256,
      isTarWhole: this.#isTarWhole,
      statement: this.#statement,
      tagmanifestSha256: this.#bag.tagFiles.sha256Of(TAGMANIFEST),
      seal: this.#seal,
      timestamps: this.#time.timestamps,
      custodyTimestamps: this.#custodyTime.timestamps,
      alarms: [
        ...this.#custodyTime.alarms,
        ...sealTimeAlarms(this.#statement, this.#time.timestamps),
        ...this.#bag.clockAlarms,
      ],
      isTimeAskedFor: this.#isTimeAskedFor,
      rootsSource: this.#options.tsaRoots?.source ?? null,
      gaps: this.#bag.ledger.gaps,
      trustSource: sourceOf(this.#options.allowedSigners),
      unusedTrustLines: this.#trust?.unused.length ?? 0,
      receipt: this.#options.receipt ?? null,
      requireComplete: this.#options.requireComplete ?? false,
    };
  }
}

function sourceOf(given: GivenTrust | null | undefined): string | null {
  if (!given) return null;
  return given.revoked ? `${given.source} without the revoked keys of ${given.revoked.source}` : given.source;
}

/** A failing disk, under the archive or under the sort files, is no verdict on the archive. Bugs are not swallowed. */
function reasonOf(error: unknown): string {
  if (error instanceof ExhibitError && error.code.startsWith('STORAGE_')) return `${error.code}: ${error.message}`;
  const errno = errnoOf(error);
  if (errno === undefined || !/^E[A-Z0-9]+$/.test(errno)) throw error;
  return `the archive could not be read to its end (${errno})`;
}

/**
 * Checks an archive in one pass, without unpacking it, in bounded memory. A bad archive is a verdict; throws `USAGE_INVALID` and
 * `STORAGE_FAILED` only for what cannot be opened.
 */
export async function verifyArchive(options: VerifyOptions): Promise<VerifyReport> {
  const opened = await (options.open ?? openArchive)(options.archivePath);
  try {
    return await new Verification(options).run(opened);
  } finally {
    await opened.file.close();
  }
}
