import { join } from 'node:path';
import { asciiJson } from '../lib/ascii-json.js';
import { toRfc3339 } from '../lib/clock.js';
import { ExhibitError } from '../model/errors.js';
import type { CaseFile } from '../model/case.js';
import type { Tool } from '../model/exhibit.js';
import type { VerifyReport } from '../model/verdict.js';
import { readArchiveSummary } from '../evidence/archive-reader.js';
import { assertFree, PackageFolder } from '../evidence/handover/package-folder.js';
import { readAcquisition } from '../evidence/handover/read-acquisition.js';
import { zipFolder } from '../evidence/handover/zip-folder.js';
import { addCustodyEvent, type AddedCustodyEvent } from '../evidence/post-seal/add-custody-event.js';
import { sha256OfText } from '../evidence/post-seal/archive-at-hand.js';
import { throwIfInterrupted } from '../evidence/destinations/outgoing-file.js';
import { custodyFolderOf, listCustodyFolder, SIGNATURE } from '../evidence/post-seal/custody-folder.js';
import { custodyFormOf } from '../evidence/post-seal/custody-form.js';
import type { HandoverFacts } from '../report/handover/handover-facts.js';
import type { Signer } from '../ports/signer.js';
import { readCustodyRecord } from './custody-record.js';
import { type LegalTemplates, writeHandoverDocuments } from './handover-documents.js';
import {
  type HandoverEvidence,
  type HandoverEvidenceDeps,
  type HandoverEvidenceRequest,
  withHandoverEvidence,
} from './handover-evidence.js';

export interface HandoverRequest extends HandoverEvidenceRequest {
  /** Folder in which package and ZIP are made; it exists. */
  readonly outputDirectory: string;
  /** Who hands over; `null` = `preparedBy`. */
  readonly from: string | null;
  /** Who takes over; with a name the event is a `transfer-out`, else a `copy`. */
  readonly recipient: string | null;
  readonly purpose: string | null;
  /** Instead of the marking of the case. */
  readonly privilege: string | null;
  /** Whether the documents repeat the user's own words for the case, which otherwise never leave the machine. */
  readonly namesCase: boolean;
}

export interface HandoverDeps extends HandoverEvidenceDeps {
  /** Signs the custody event; `null` = none is recorded. */
  readonly signer: Signer | null;
  /** `user@host`. */
  readonly preparedBy: string;
  /** The case on this machine; `null` when it is not here. */
  readonly caseOf: (caseId: string) => Promise<CaseFile | null>;
  /** This program. */
  readonly tool: Tool;
  readonly templates: LegalTemplates;
  /** verify.html; `null` where this build has none. */
  readonly verifyPage: Buffer | null;
}

export interface HandoverSummary {
  readonly exhibitId: string;
  readonly folder: string;
  readonly zip: string;
  readonly zipSha256: string;
  readonly manifestSha256: string;
  readonly files: readonly { readonly path: string; readonly sha256: string; readonly sizeBytes: number }[];
  readonly isEncrypted: boolean;
  readonly secretItems: number;
  readonly report: VerifyReport;
  /** The event that was recorded beside the archive. */
  readonly custody: { readonly event: string; readonly path: string; readonly sha256: string } | null;
}

/**
 * Makes a package for legal: the archive as it is, its receipt and custody record, and documents made from them; as a folder and as a ZIP
 * of it. Both appear under their names when they are whole. Throws as `withHandoverEvidence`, `addCustodyEvent` and `PackageFolder`.
 */
export async function handover(request: HandoverRequest, deps: HandoverDeps): Promise<HandoverSummary> {
  return await withHandoverEvidence(request, deps, async (evidence) => {
    const output = join(request.outputDirectory, `${evidence.exhibit.exhibitId}-legal`);
    await assertFree(`${output}.zip`);
    await assertFree(`${output}.zip.partial`, [`rm ${output}.zip.partial`]);
    const folder = await PackageFolder.create(output, deps.signal);
    const recorded: Packing['recorded'] = { custody: null };
    try {
      return await pack({ request, deps, evidence, folder, output, recorded });
    } catch (error) {
      await folder.discard();
      throw recorded.custody === null ? error : recordedAnyway(error, recorded.custody);
    }
  });
}

interface Packing {
  readonly request: HandoverRequest;
  readonly deps: HandoverDeps;
  readonly evidence: HandoverEvidence;
  readonly folder: PackageFolder;
  readonly output: string;
  /** What is on record already, also when the rest fails. */
  readonly recorded: { custody: HandoverSummary['custody'] };
}

async function pack(packing: Packing): Promise<HandoverSummary> {
  const { deps, evidence, folder, output, recorded } = packing;
  const nowMs = deps.clock.nowMs();
  const paths = await packEvidence(packing);
  throwIfInterrupted(deps.signal);
  recorded.custody = await record(packing);
  const facts = await factsOf(packing, { ...paths, preparedAt: toRfc3339(nowMs) });
  await packCustody(packing);
  if (deps.verifyPage !== null) await folder.write('verify.html', deps.verifyPage);
  await writeHandoverDocuments(folder, deps.templates, facts);
  const manifest = await folder.writeManifest();
  const zip = `${output}.zip`;
  const zipSha256 = await zipFolder({
    directory: folder.directory,
    paths: folder.files.map(({ path }) => path),
    root: `${evidence.exhibit.exhibitId}-legal`,
    output: zip,
    atMs: nowMs,
  });
  await folder.publish();
  return {
    exhibitId: evidence.exhibit.exhibitId,
    folder: output,
    zip,
    zipSha256,
    manifestSha256: manifest.sha256,
    files: folder.files,
    isEncrypted: evidence.isEncrypted,
    secretItems: evidence.secretItems,
    report: evidence.report,
    custody: recorded.custody,
  };
}

interface EvidencePaths {
  readonly archive: { readonly path: string; readonly sha256: string; readonly sizeBytes: number };
  readonly receipt: HandoverFacts['receipt'];
}

async function packEvidence({ request, evidence, folder }: Packing): Promise<EvidencePaths> {
  const { exhibit, receipt, isEncrypted, fileSha256 } = evidence;
  const name = `evidence/${exhibit.exhibitId}`;
  const { archivePath } = request.archive;
  const archive = await folder.copy(`${name}.tar.gz${isEncrypted ? '.age' : ''}`, archivePath, fileSha256);
  await folder.write(`${name}.verify-report.json`, evidence.reportText);
  if (receipt === null) return { archive, receipt: null };
  const text = asciiJson(receipt.receipt);
  const { path } = await folder.write(`${name}.receipt.json`, `${text}\n`);
  return { archive, receipt: { path, text, wasGiven: receipt.wasGiven } };
}

/** The record comes before the package is finished: nothing leaves unrecorded. */
async function record({ request, deps, evidence, output }: Packing): Promise<HandoverSummary['custody']> {
  if (deps.signer === null) return null;
  const { recipient, purpose } = request;
  const added: AddedCustodyEvent = await addCustodyEvent({
    archivePath: request.archive.archivePath,
    exhibit: evidence.exhibit,
    event: {
      event: recipient === null ? 'copy' : 'transfer-out',
      from: request.from ?? deps.preparedBy,
      ...(recipient === null ? {} : { to: recipient }),
      purpose: purpose ?? 'hand-over to legal',
      verified: { verdict: evidence.report.verdict, reportSha256: sha256OfText(evidence.reportText) },
      data: { package: output.slice(output.lastIndexOf('/') + 1), plaintext: !evidence.isEncrypted },
    },
    signer: deps.signer,
    clock: deps.clock,
  });
  return { event: recipient === null ? 'copy' : 'transfer-out', path: added.path, sha256: added.sha256 };
}

async function packCustody({ request, evidence, folder }: Packing): Promise<void> {
  const source = custodyFolderOf(request.archive.archivePath, evidence.exhibit.exhibitId);
  const { events } = await listCustodyFolder(source);
  for (const { name, hasEvent, hasSignature } of events) {
    const path = `evidence/${evidence.exhibit.exhibitId}.custody/${name}`;
    if (hasEvent) await folder.copy(path, join(source, name), null);
    if (hasSignature) await folder.copy(path + SIGNATURE, join(source, name + SIGNATURE), null);
  }
}

async function factsOf(
  packing: Packing,
  packed: EvidencePaths & { readonly preparedAt: string },
): Promise<HandoverFacts> {
  const { request, deps, evidence, folder } = packing;
  // The copy in the package has the digest that was verified, whatever becomes of its source meanwhile.
  const plainPath = evidence.isEncrypted ? evidence.plainPath : join(folder.directory, packed.archive.path);
  const { recipient, purpose } = request;
  const { archivePath, receiptPath, allowedSigners } = request.archive;
  const { privilege, caseWords } = await caseFacts(packing);
  const summary = await readArchiveSummary(plainPath);
  const custody = await readCustodyRecord({ archivePath, receiptPath, allowedSigners, comparePath: null }, deps);
  return {
    preparedAt: packed.preparedAt,
    preparedBy: deps.preparedBy,
    tool: deps.tool,
    recipient,
    purpose,
    privilege,
    caseWords,
    archive: { ...packed.archive, isEncrypted: evidence.isEncrypted, secretItems: evidence.secretItems },
    receipt: packed.receipt,
    report: evidence.report,
    statement: evidence.statement,
    trustSource: allowedSigners?.source ?? null,
    gaps: summary.gaps,
    gapsTotal: summary.gapsTotal,
    acquisition: await readAcquisition(plainPath),
    custody: {
      events: custody.events.map((event) => ({ record: event.record, sha256: event.sha256 })),
      form: custodyFormOf({
        exhibit: evidence.exhibit,
        statement: evidence.statement,
        sealedBy: evidence.report.signer?.fingerprint ?? null,
        caseReference: caseWords?.reference ?? null,
        reading: { verdict: custody.verdict, findings: custody.findings },
        events: custody.events,
      }),
    },
    hasVerifyPage: deps.verifyPage !== null,
  };
}

async function caseFacts({
  request,
  deps,
  evidence,
}: Packing): Promise<Pick<HandoverFacts, 'privilege' | 'caseWords'>> {
  const file = await deps.caseOf(evidence.statement.caseId);
  return {
    privilege: request.privilege ?? file?.privilege ?? null,
    caseWords: file !== null && request.namesCase ? { reference: file.reference, reason: file.reason } : null,
  };
}

function recordedAnyway(error: unknown, custody: NonNullable<HandoverSummary['custody']>): unknown {
  if (!(error instanceof ExhibitError)) return error;
  return new ExhibitError(error.code, error.message, {
    hints: error.hints,
    ...(error.subject === undefined ? {} : { subject: error.subject }),
    retryable: error.retryable,
    cause: error,
    safe: `The archive is as it was. The custody record names a package that was not made (${custody.path}); say so with exhibit custody add.`,
  });
}
