import { ExhibitError } from '../model/errors.js';
import type { Statement } from '../model/exhibit.js';
import type { CustodyFinding, CustodyVerdict } from '../model/post-seal-custody.js';
import { parseAllowedSigners, type GivenTrust } from '../evidence/allowed-signers.js';
import { readArchiveSummary } from '../evidence/archive-reader.js';
import { isAgeFile } from '../evidence/open-archive.js';
import { exhibitIdOfName, receiptBeside, sha256OfArchive } from '../evidence/post-seal/archive-at-hand.js';
import { compareCustody, type CustodyComparison } from '../evidence/post-seal/compare-custody.js';
import {
  readCustodyFolder,
  type CustodyEvent,
  type CustodyReading,
  type KnownExhibit,
} from '../evidence/post-seal/read-custody-folder.js';
import { shortData } from '../evidence/post-seal/short-data.js';
import type { Clock } from '../ports/clock.js';
import { readGivenReceipt } from './read-given-receipt.js';

export interface CustodyRecordRequest {
  readonly archivePath: string;
  readonly receiptPath: string | null;
  readonly allowedSigners: GivenTrust | null;
  /** The other party's copy of the custody folder; `null` = nothing to compare with. */
  readonly comparePath: string | null;
}

/** The custody folder of an archive, read and checked. */
export interface CustodyRecordRead {
  readonly verdict: CustodyVerdict;
  readonly reading: CustodyReading;
  /** In the order of their numbers; long values of their data only by length. */
  readonly events: readonly CustodyEvent[];
  readonly findings: readonly CustodyFinding[];
  readonly findingsTotal: number;
  readonly comparison: CustodyComparison | null;
  /** `null` for an encrypted archive. What it says of itself: nothing in it is verified here. */
  readonly statement: Statement | null;
  readonly sealedBy: string | null;
}

/**
 * Reads the custody folder beside an archive. The archive is read for what it is and for its digest; whether it verifies is not asked.
 * Throws `USAGE_INVALID` for an encrypted archive of which nothing is known, `VERIFY_FAILED` for one that cannot be read as exhibit/1, and
 * `STORAGE_*`.
 */
export async function readCustodyRecord(
  request: CustodyRecordRequest,
  { clock }: { readonly clock: Clock },
): Promise<CustodyRecordRead> {
  const { archivePath, allowedSigners, comparePath } = request;
  const { exhibit, statement, sealedBy } = await identify(request);
  const list = allowedSigners === null ? null : parseAllowedSigners(allowedSigners.text, allowedSigners.revoked);
  const trust = { list, atMs: clock.nowMs() };
  const events: CustodyEvent[] = [];
  const reading = await readCustodyFolder({
    archivePath,
    exhibit,
    trust,
    onEvent: (event) => events.push({ ...event, record: { ...event.record, data: shortData(event.record.data) } }),
  });
  const comparison =
    comparePath === null
      ? null
      : await compareCustody(events, { archivePath, exhibit: reading.exhibit, trust, folder: comparePath });
  const difference = comparison === null ? null : differenceOf(comparison);
  return {
    verdict: difference === null ? reading.verdict : 'CUSTODY_BROKEN',
    reading,
    events,
    findings: difference === null ? reading.findings : [...reading.findings, difference],
    findingsTotal: reading.findingsTotal + (difference === null ? 0 : 1),
    comparison,
    statement,
    sealedBy,
  };
}

/** What the other copy shows of this one; `null` when this one holds all that the other holds. */
function differenceOf({ result, onlyHere, onlyThere, same }: CustodyComparison): CustodyFinding | null {
  const seq = same + 1;
  const [here = '', there = ''] = [onlyHere[0], onlyThere[0]];
  if (result === 'forked')
    return { kind: 'forked', seq, file: here, detail: `the other copy goes on with another event: ${there}` };
  if (result !== 'behind') return null;
  const count = `${String(onlyThere.length)} ${onlyThere.length === 1 ? 'event' : 'events'}`;
  return { kind: 'missing', seq, file: there, detail: `the other copy goes on with ${count} that this one lacks` };
}

interface Identity {
  readonly exhibit: KnownExhibit;
  readonly statement: Statement | null;
  readonly sealedBy: string | null;
}

async function identify({ archivePath, receiptPath }: CustodyRecordRequest): Promise<Identity> {
  if (await isAgeFile(archivePath)) return await identifyEncrypted(archivePath, receiptPath);
  const { statement, containerSha256 } = await readArchiveSummary(archivePath);
  const { exhibitId } = statement;
  const given = receiptPath === null ? null : await readGivenReceipt(receiptPath);
  if (given !== null && given.containerSha256 !== containerSha256) throw notOfReceipt(archivePath);
  const receipt = given ?? (await receiptBeside(archivePath));
  if (receipt?.containerSha256 !== containerSha256)
    return { exhibit: { exhibitId, containerSha256 }, statement, sealedBy: null };
  const { tagmanifestSha256, signer } = receipt;
  return { exhibit: { exhibitId, containerSha256, tagmanifestSha256 }, statement, sealedBy: signer };
}

async function identifyEncrypted(archivePath: string, receiptPath: string | null): Promise<Identity> {
  const receipt = receiptPath === null ? await receiptBeside(archivePath) : await readGivenReceipt(receiptPath);
  if (receipt?.encryptedSha256 === undefined) {
    throw new ExhibitError('USAGE_INVALID', 'an encrypted archive is known by the receipt that states its digest', {
      subject: exhibitIdOfName(archivePath) ?? archivePath,
      hints: ['exhibit custody list ARCHIVE --receipt FILE'],
    });
  }
  if ((await sha256OfArchive(archivePath)) !== receipt.encryptedSha256) throw notOfReceipt(archivePath);
  const { exhibitId, containerSha256, tagmanifestSha256, encryptedSha256, signer } = receipt;
  const exhibit = { exhibitId, containerSha256, tagmanifestSha256, encryptedSha256 };
  return { exhibit, statement: null, sealedBy: signer };
}

function notOfReceipt(archivePath: string): ExhibitError {
  return new ExhibitError('VERIFY_FAILED', 'the archive is not the one that the receipt describes', {
    subject: archivePath,
    hints: ['exhibit verify ARCHIVE --receipt FILE'],
  });
}
