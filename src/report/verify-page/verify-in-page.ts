import { parseInstant } from '../../lib/clock.js';
import type { Receipt, Statement } from '../../model/exhibit.js';
import { parseAllowedSigners, type AllowedSigners } from './allowed-signers.js';
import { BagInspection } from './bag-inspection.js';
import { PART_BYTES, TAGMANIFEST, tokenFiles } from './bag-layout.js';
import { TableBudget, TooMuchForThisPage, type TableLimits } from './entry-table.js';
import { Findings } from './findings.js';
import { readGzipMember, type GzipMember } from './gzip-member.js';
import { checkHistory } from './history-check.js';
import { renderPageReport, type PageReport } from './page-report.js';
import { checkReceipt } from './receipt-check.js';
import type { RecordShapes } from './record-shapes.js';
import { checkSeal, type CheckedSeal } from './seal-check.js';
import { checkBagIt, checkRepeats, checkStatement, readStatement } from './statement-check.js';
import { readPem } from './time/pem.js';
import { checkTime, provenBy, tokenChains, type PageToken } from './time-check.js';

/** What the tables of one verification may hold: beyond it the program exhibit, which sorts on disk, has to do it. */
const LIMITS: TableLimits = { maxEntries: 8_000_000, maxBytes: 1_200_000_000 };

export interface PageVerification {
  readonly file: Blob;
  readonly receipt: Receipt | null;
  /** OpenSSH's allowed_signers; `null` when none was given. */
  readonly allowedSigners: string | null;
  /** Roots of time-stamping authorities in PEM; `null` when none were given. */
  readonly tsaRoots: string | null;
  readonly shapes: RecordShapes;
  /** Epoch milliseconds at which the validity of keys is judged. */
  readonly nowMs: number;
  readonly onProgress: (progress: { readonly readBytes: number; readonly tarBytes: number }) => void;
  readonly signal: AbortSignal;
  /** Size of the parts of split payload; 2^32 outside tests. */
  readonly partBytes?: number;
  /** Of all tables together; what a browser can hold, outside tests. */
  readonly limits?: TableLimits;
}

const NO_SEAL: CheckedSeal = { signers: [] };

/** One verification, from the file to the report. */
class Verification {
  readonly #given: PageVerification;
  readonly #findings = new Findings();
  readonly #bag: BagInspection;
  readonly #trust: AllowedSigners | null;
  #member: GzipMember | null = null;
  #undetermined: string | null = null;
  #isTarWhole = false;
  #statement: Statement | null = null;
  #seal = NO_SEAL;
  #tokens: readonly PageToken[] = [];
  #custodyTokens: readonly PageToken[] = [];

  constructor(given: PageVerification) {
    this.#given = given;
    this.#trust = given.allowedSigners === null ? null : parseAllowedSigners(given.allowedSigners);
    const { shapes, partBytes = PART_BYTES, receipt: bounds, limits = LIMITS } = given;
    const budget = new TableBudget(limits);
    this.#bag = new BagInspection({ findings: this.#findings, shapes, budget, partBytes, bounds });
  }

  async run(): Promise<PageReport> {
    try {
      await this.#read();
      await this.#conclude();
    } catch (error) {
      this.#undetermined = reasonOf(error);
    }
    return renderPageReport({
      findings: this.#findings,
      undetermined: this.#undetermined,
      member: this.#member,
      isTarWhole: this.#isTarWhole,
      statement: this.#statement,
      tagmanifestSha256: this.#bag.tagFiles.sha256Of(TAGMANIFEST),
      seal: this.#seal,
      tokens: this.#tokens,
      custodyTokens: this.#custodyTokens,
      isTimeAskedFor: this.#given.tsaRoots !== null,
      gaps: this.#bag.ledger.gaps,
      trust: this.#trust,
      isReceiptGiven: this.#given.receipt !== null,
    });
  }

  async #read(): Promise<void> {
    const { file, onProgress, signal } = this.#given;
    this.#member = await readGzipMember(file, {
      onBytes: (bytes) => {
        this.#bag.tar.push(bytes);
      },
      isEnough: () => this.#bag.isBroken,
      onProgress,
      signal,
    });
    if (this.#member.problem !== null) this.#findings.add('container', { path: '', ...this.#member.problem });
  }

  /** What can only be compared once everything has passed by. */
  async #conclude(): Promise<void> {
    const { tar, tagFiles } = this.#bag;
    const violation = tar.finish();
    if (violation !== null) this.#findings.add('grammar', violation);
    this.#isTarWhole = violation === null;
    const shape = this.#given.shapes.statement;
    this.#statement = readStatement(tagFiles.heldText('meta/exhibit.json'), shape, this.#findings);
    if (this.#isTarWhole) this.#compare();
    const roots = this.#given.tsaRoots === null ? null : readPem(this.#given.tsaRoots);
    this.#tokens = await checkTime({ files: tagFiles, findings: this.#findings, roots });
    this.#custodyTokens = await this.#bag.custody.tokens.conclude({ roots, intermediates: tokenChains(tagFiles) });
    if (tagFiles.held(TAGMANIFEST) !== null) {
      this.#seal = await checkSeal({
        files: tagFiles,
        findings: this.#findings,
        trust: this.#trust,
        provenMs: parseInstant(provenBy(this.#tokens)?.genTime ?? ''),
        nowMs: this.#given.nowMs,
        requireSigners: this.#statement?.policy.requireSigners ?? null,
        sealedBy: this.#isTarWhole ? this.#bag.custody.sealedBy : null,
      });
    }
    if (this.#given.receipt !== null) this.#compareReceipt(this.#given.receipt);
  }

  #compare(): void {
    const { tar, tagFiles, payload, ledger, custody } = this.#bag;
    tagFiles.check();
    checkBagIt(tagFiles, this.#findings);
    if (this.#statement === null) return;
    const observed = {
      root: tar.root,
      mtimeSeconds: tar.mtimeSeconds,
      payloadFiles: payload.files,
      payloadBytes: payload.sizeBytes,
      outcomeCounts: ledger.counts,
      gaps: ledger.gaps.total,
      custodyEntries: custody.entries,
      custodyHeadSha256: custody.headSha256,
    };
    checkStatement(this.#statement, observed, this.#findings);
    checkHistory(this.#statement, this.#findings);
    checkRepeats(this.#statement, tagFiles, this.#findings);
    custody.conclude(this.#statement, observed, payload);
    this.#bag.redactions.conclude(this.#statement, payload);
  }

  #compareReceipt(receipt: Receipt): void {
    const facts = {
      statement: this.#statement,
      tagmanifestSha256: this.#bag.tagFiles.sha256Of(TAGMANIFEST),
      containerSha256: this.#member?.containerSha256 ?? '',
      signers: this.#seal.signers.map(({ fingerprint }) => fingerprint),
      tsrSha256: this.#bag.tagFiles.sha256Of(tokenFiles(1)[1]),
      genTime: this.#tokens.find(({ path }) => path === tokenFiles(1)[1])?.genTime ?? null,
    };
    checkReceipt(receipt, facts, this.#findings);
    const { beyond } = this.#bag;
    if (beyond !== null && this.#statement === null) this.#findings.add('receipt', beyond);
  }
}

/** A file that cannot be read, or is too much for a page, is no verdict on the archive. Bugs and the user's stop are not swallowed. */
function reasonOf(error: unknown): string {
  if (error instanceof TooMuchForThisPage) return error.message;
  const isOfTheFile =
    error instanceof DOMException && (error.name === 'NotReadableError' || error.name === 'NotFoundError');
  if (!isOfTheFile) throw error;
  return `the file could not be read to its end (${error.name})`;
}

/**
 * Checks an archive in one pass, in memory that does not grow with its bytes. A bad archive is a verdict; rejects only when `signal` says
 * stop.
 */
export async function verifyInPage(given: PageVerification): Promise<PageReport> {
  return await new Verification(given).run();
}
