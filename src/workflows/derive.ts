import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { CaseStore } from '../evidence/case-store.js';
import type { CopyPassOptions } from '../evidence/derive/copy-pass.js';
import { deriveExhibit, exportFile, type DerivedExhibit } from '../evidence/derive/derive-exhibit.js';
import { ParentRecords } from '../evidence/derive/parent-records.js';
import { assertClean, judgeSurvey } from '../evidence/derive/judge-survey.js';
import { surveyRedaction, type Survey } from '../evidence/derive/redaction-survey.js';
import { RuleSet } from '../evidence/derive/rule-set.js';
import type { OpenCase } from '../evidence/open-case.js';
import type { SealedExhibit } from '../evidence/seal-exhibit.js';
import { addCustodyEvent } from '../evidence/post-seal/add-custody-event.js';
import { sha256OfText } from '../evidence/post-seal/archive-at-hand.js';
import { asciiJson } from '../lib/ascii-json.js';
import { ExhibitError } from '../model/errors.js';
import type { Receipt, Statement, Tool } from '../model/exhibit.js';
import type { RedactionRules } from '../model/redaction.js';
import type { Verdict, VerifyReport } from '../model/verdict.js';
import type { Clock } from '../ports/clock.js';
import type { Io } from '../ports/io.js';
import type { Signer } from '../ports/signer.js';
import type { Timestamper } from '../ports/timestamper.js';
import { verify, type VerifyRequest } from './verify.js';

const GOOD: readonly Verdict[] = ['VERIFIED', 'VERIFIED_PARTIAL'];
/** Verdicts of archives whose bytes are what was sealed: these can be accepted in words. */
const ACCEPTABLE: readonly Verdict[] = ['INTACT_UNSEALED', 'UNTRUSTED_SIGNER', 'INTACT_UNTIMESTAMPED'];
const SALT_BYTES = 32;

export interface DeriveRequest {
  readonly parent: VerifyRequest;
  readonly rules: RedactionRules;
  /** A verdict that is taken although it is none of the good ones, as the user typed it. */
  readonly accepted: Verdict | null;
  /** So many places that look like a secret are left knowingly; `null` = none is. */
  readonly acceptedFindings: number | null;
  /** Whose next exhibit the copy becomes; `null` = the parent's case. */
  readonly caseId: string | null;
  /** Where archive and receipt are copied to; `null` = they stay in the case. */
  readonly outputDirectory: string | null;
  /** Whether a `derive` event goes into the custody folder of the parent. */
  readonly isRecorded: boolean;
}

export interface DeriveDeps {
  readonly store: CaseStore;
  readonly signer: Signer;
  /** Their signatures are required by the signed policy of the copy, too. */
  readonly countersigners: readonly Signer[];
  /** Each is asked for a token over the copy's signature; the signed policy then requires one. */
  readonly timestampers: readonly Timestamper[];
  readonly tool: Tool;
  readonly os: { readonly user: string; readonly host: string };
  readonly sbom: Buffer;
  readonly clock: Clock;
  readonly io: Io;
  readonly signal: AbortSignal;
  readonly scratchDirectory: string;
}

export interface DeriveSummary {
  readonly archivePath: string;
  readonly receiptPath: string;
  /** Stays where it is: it opens the commitments of the ledger. */
  readonly saltsPath: string;
  readonly receipt: Receipt;
  readonly statement: Statement;
  readonly report: VerifyReport;
  readonly timestamps: SealedExhibit['timestamps'];
  readonly timestampFailures: SealedExhibit['timestampFailures'];
  readonly redactions: number;
  readonly maskedFiles: number;
  readonly removedFiles: number;
  /** Distinct texts that look like a secret and were accepted. */
  readonly findings: number;
  readonly unusedRules: readonly string[];
  /** The event in the custody folder of the parent. */
  readonly custodyPath: string | null;
}

/** What is known of the parent once it verified. */
interface VerifiedParent {
  readonly path: string;
  readonly statement: Statement;
  readonly containerSha256: string;
  readonly tagmanifestSha256: string;
  readonly report: VerifyReport;
}

/**
 * Makes a redacted copy of a sealed archive: a second archive with its own number, seal and receipt. The parent is only read. Throws
 * `VERIFY_FAILED`, `REDACTION_RULES_INVALID`, `REDACTION_UNDECIDED`, `REDACTION_INCOMPLETE`, `CASE_*`, `KEY_INVALID`, `STORAGE_*`.
 */
export async function derive(request: DeriveRequest, deps: DeriveDeps): Promise<DeriveSummary> {
  const { clock, io } = deps;
  const parent = await verifiedParent(request, deps);
  const scratch = await mkdtemp(join(deps.scratchDirectory, 'exhibit-derive-'));
  try {
    const rules = new RuleSet(request.rules);
    const archive = { path: parent.path, containerSha256: parent.containerSha256 };
    const records = await ParentRecords.read(archive, scratch);
    const newSalt = (): Buffer => randomBytes(SALT_BYTES);
    const source: Source = { archive, records, rules, newSalt, signal: deps.signal };
    const survey = await surveyRedaction(source, parent.statement);
    judgeSurvey({ survey, rules, acceptedFindings: request.acceptedFindings, io });
    const derived = await makeCopy(request, deps, { parent, source, survey, scratch });
    const paths = await exported(derived, request.outputDirectory);
    const custodyPath = request.isRecorded ? await recordDerive(parent, derived, { signer: deps.signer, clock }) : null;
    io.emit('DERIVE_DONE', `${derived.receipt.exhibitId} is a redacted copy of ${parent.statement.exhibitId}`);
    return { ...paths, ...factsOf(derived, survey), unusedRules: rules.unused(), custodyPath };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

type Source = Omit<CopyPassOptions, 'dropped' | 'visitor'>;

async function verifiedParent(request: DeriveRequest, deps: DeriveDeps): Promise<VerifiedParent> {
  const { archivePath } = request.parent;
  deps.io.emit('DERIVE_STARTED', `${archivePath} is verified and read`);
  const report = await verify(request.parent, deps);
  const { verdict, statement, containerSha256, tagmanifestSha256 } = report;
  const isAccepted = verdict === request.accepted && ACCEPTABLE.includes(verdict);
  if (!GOOD.includes(verdict) && !isAccepted) throw refused(report);
  if (statement === null || containerSha256 === null || tagmanifestSha256 === null) throw refused(report);
  if (statement.derivedFrom !== undefined) {
    throw new ExhibitError('USAGE_INVALID', 'the archive is a redacted copy itself; copies are made of the original', {
      subject: statement.derivedFrom.exhibitId,
    });
  }
  return { path: archivePath, statement, containerSha256, tagmanifestSha256, report };
}

function refused({ archive, verdict, line }: VerifyReport): ExhibitError {
  const typed = ACCEPTABLE.includes(verdict) ? [`exhibit derive ARCHIVE --redact RULES --accept ${verdict}`] : [];
  return new ExhibitError('VERIFY_FAILED', `no copy is made of an archive that does not verify: ${line}`, {
    subject: archive,
    hints: ['exhibit verify ARCHIVE', ...typed],
    safe: 'Nothing was written.',
  });
}

interface CopyParts {
  readonly parent: VerifiedParent;
  readonly source: Source;
  readonly survey: Survey;
  readonly scratch: string;
}

async function makeCopy(request: DeriveRequest, deps: DeriveDeps, parts: CopyParts): Promise<DerivedExhibit> {
  const { parent, source, survey, scratch } = parts;
  const { statement } = parent;
  const { exhibitId, scope, authority, kind } = statement;
  const { signer, countersigners, timestampers, clock, io, sbom, signal } = deps;
  const derivedFrom = {
    exhibitId,
    tagmanifestSha256: parent.tagmanifestSha256,
    containerSha256: parent.containerSha256,
    redactions: survey.redactions,
  };
  const operator = { apiIdentity: null, cloudIdentity: null, osUser: deps.os.user, host: deps.os.host };
  const openCase = await deps.store.open(request.caseId ?? statement.caseId);
  try {
    await assertNoneOpen(openCase);
    return await deriveExhibit({
      openCase,
      kind,
      opening: {
        scope,
        authority,
        operator,
        tool: deps.tool,
        connection: null,
        profileText: '',
        configText: '',
        derivedFrom,
      },
      note: { verdictOfParent: parent.report.verdict, rules: request.rules.rules.map(({ id }) => id).join(' ') },
      parent: source,
      survey,
      seal: {
        signer,
        countersigners,
        timestampers,
        clock,
        io,
        sbom,
        signal,
        policy: { requireTimestamp: timestampers.length > 0, requireSigners: 1 + countersigners.length },
        classification: statement.classification,
        inspect: async (archive) => {
          await assertClean(archive, survey, io);
        },
      },
      scratchDirectory: scratch,
      onProgress: progressOf(io, statement),
    });
  } finally {
    await openCase.release();
  }
}

function progressOf(io: Io, { payloadFiles }: Statement) {
  return (done: number, bytes: number, path: string): void => {
    io.progress({ phase: 'redact', done, total: payloadFiles, bytes, current: [path], gaps: 0, lastError: null });
  };
}

/** A copy that a killed run began is given up; what is being collected is not mixed with a copy. */
async function assertNoneOpen(openCase: OpenCase): Promise<void> {
  const open = await openCase.exhibit();
  if (open === null) return;
  if (open.opening()?.derivedFrom !== undefined) {
    await openCase.giveUp(open, 'a redacted copy that was not finished');
    return;
  }
  throw new ExhibitError('USAGE_INVALID', `exhibit ${open.exhibitId} of the case is open`, {
    subject: open.exhibitId,
    hints: ['exhibit seal', 'exhibit derive ARCHIVE --redact RULES --case ANOTHER'],
    safe: 'Nothing was written.',
  });
}

async function exported(
  { archivePath, receiptPath, receipt }: DerivedExhibit,
  directory: string | null,
): Promise<{ readonly archivePath: string; readonly receiptPath: string }> {
  if (directory === null) return { archivePath, receiptPath };
  return {
    archivePath: await exportFile(archivePath, directory, receipt.containerSha256),
    receiptPath: await exportFile(receiptPath, directory, null),
  };
}

async function recordDerive(
  parent: VerifiedParent,
  derived: DerivedExhibit,
  { signer, clock }: { readonly signer: Signer; readonly clock: Clock },
): Promise<string> {
  const { exhibitId } = parent.statement;
  const { tagmanifestSha256, containerSha256, path: archivePath } = parent;
  const { receipt, statement } = derived;
  const { path } = await addCustodyEvent({
    archivePath,
    exhibit: { exhibitId, tagmanifestSha256, containerSha256 },
    event: {
      event: 'derive',
      purpose: 'redacted copy',
      verified: { verdict: parent.report.verdict, reportSha256: sha256OfText(`${asciiJson(parent.report)}\n`) },
      data: {
        exhibitId: receipt.exhibitId,
        tagmanifestSha256: receipt.tagmanifestSha256,
        containerSha256: receipt.containerSha256,
        redactions: statement.derivedFrom?.redactions ?? 0,
      },
    },
    signer,
    clock,
  });
  return path;
}

function factsOf(
  { receipt, statement, report, saltsPath, timestamps, timestampFailures }: DerivedExhibit,
  { redactions, maskedFiles, removedFiles, secrets }: Survey,
): Omit<DeriveSummary, 'archivePath' | 'receiptPath' | 'unusedRules' | 'custodyPath'> {
  return {
    saltsPath,
    receipt,
    statement,
    report,
    timestamps,
    timestampFailures,
    redactions,
    maskedFiles,
    removedFiles,
    findings: secrets.count,
  };
}
