import { ExhibitError, errnoOf } from '../model/errors.js';
import type { CustodyEventKind, NewCustodyEvent } from '../model/post-seal-custody.js';
import { addCustodyEvent } from '../evidence/post-seal/add-custody-event.js';
import { createFile } from '../evidence/private-files.js';
import type { Signer } from '../ports/signer.js';
import { checkArchive, type CustodyDeps } from './custody-archive.js';
import type { VerifyRequest } from './verify.js';

export interface CustodyAddRequest {
  readonly archive: VerifyRequest;
  readonly event: Omit<NewCustodyEvent, 'verified' | 'data'>;
  /** Whether the archive is verified first; otherwise only its digest is compared, and the event says so. */
  readonly isVerified: boolean;
  /** Where the report of the verification is written, byte for byte as its digest in the event; must not be there. */
  readonly reportPath: string | null;
}

export interface CustodyAdded {
  readonly exhibitId: string;
  readonly event: CustodyEventKind;
  readonly sequence: number;
  readonly path: string;
  readonly signaturePath: string;
  readonly sha256: string;
  readonly signer: string;
  /** What the check said; `null` = the archive was not verified. */
  readonly verdict: string | null;
  /** An event of an interrupted run that was finished first. */
  readonly finished: string | null;
}

/** What an event must say to be of use. */
const NEEDED: Partial<Record<CustodyEventKind, readonly ['to' | 'from' | 'authority', string]>> = {
  'transfer-out': ['to', 'who takes the archive over'],
  'transfer-in': ['from', 'from whom the archive was taken over'],
  'hold': ['authority', 'who ordered the hold'],
  'release': ['authority', 'who lifted the hold'],
  'dispose': ['authority', 'who ordered the disposal'],
};

/**
 * Looks at the archive, then writes a signed event beside it. Throws as `checkArchive` and `addCustodyEvent`, and `USAGE_INVALID` for an
 * event without what it must say.
 */
export async function addCustody(
  { archive, event, isVerified, reportPath }: CustodyAddRequest,
  deps: CustodyDeps & { readonly signer: Signer },
): Promise<CustodyAdded> {
  assertSaid(event);
  const isFailureRecorded = event.event === 'verify';
  const checked = await checkArchive(archive, { isVerified, isFailureRecorded }, deps);
  const { exhibit, verified, reportText, foundSha256 } = checked;
  if (reportPath !== null && reportText !== null) await writeReport(reportPath, reportText);
  const added = await addCustodyEvent({
    archivePath: archive.archivePath,
    exhibit,
    event: { ...event, verified, ...(foundSha256 === null ? {} : { data: { foundSha256 } }) },
    signer: deps.signer,
    clock: deps.clock,
  });
  return {
    exhibitId: exhibit.exhibitId,
    event: event.event,
    ...added,
    signer: deps.signer.fingerprint,
    verdict: verified?.verdict ?? null,
  };
}

function assertSaid(event: CustodyAddRequest['event']): void {
  if (event.event === 'retimestamp') {
    throw new ExhibitError('USAGE_INVALID', 'a later time-stamp comes with its token', {
      hints: ['exhibit custody retimestamp ARCHIVE --tsa URL'],
    });
  }
  const needed = NEEDED[event.event];
  if (needed === undefined || event[needed[0]] !== undefined) return;
  throw new ExhibitError('USAGE_INVALID', `${event.event} must say ${needed[1]}: --${needed[0]} TEXT`);
}

async function writeReport(path: string, text: string): Promise<void> {
  try {
    await createFile(path, text);
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
    throw new ExhibitError('USAGE_INVALID', 'a file is there already, and is not replaced', {
      subject: path,
      cause: error,
      safe: 'No event was written.',
    });
  }
}
