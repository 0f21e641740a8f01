import type { TimestampFailure } from '../evidence/add-seals.js';
import { tokenData } from '../evidence/later-tokens.js';
import { addCustodyEvent } from '../evidence/post-seal/add-custody-event.js';
import { getToken, type NewToken } from '../evidence/timestamp/get-token.js';
import { asciiJson } from '../lib/ascii-json.js';
import { ExhibitError } from '../model/errors.js';
import type { CustodyExhibit } from '../model/post-seal-custody.js';
import type { Verdict, VerifyReport } from '../model/verdict.js';
import type { Clock } from '../ports/clock.js';
import type { Signer } from '../ports/signer.js';
import type { Timestamper } from '../ports/timestamper.js';
import { sha256OfText } from '../evidence/post-seal/archive-at-hand.js';
import { verify, type VerifyRequest } from './verify.js';

/** Fewer than the reader of the folder keeps: a token is renewed once in years. */
const MAX_LATER_TOKENS = 50;
/** Intact, whoever signed it: a token says when, and not who. */
const STAMPABLE: readonly Verdict[] = ['VERIFIED', 'VERIFIED_PARTIAL', 'INTACT_UNTIMESTAMPED', 'UNTRUSTED_SIGNER'];

export interface RetimestampDeps {
  readonly timestampers: readonly Timestamper[];
  /** Signs the custody events that hold the tokens. */
  readonly signer: Signer;
  readonly clock: Clock;
  readonly scratchDirectory: string;
  readonly signal: AbortSignal;
}

export interface LaterTimestamp {
  readonly url: string;
  readonly authority: string;
  readonly genTime: string;
  readonly tsrSha256: string;
  /** The event that holds it. */
  readonly path: string;
  readonly sequence: number;
}

export interface RetimestampSummary {
  readonly exhibitId: string;
  readonly archive: string;
  /** Before. */
  readonly verdict: Verdict;
  readonly timestamps: readonly LaterTimestamp[];
  readonly timestampFailures: readonly TimestampFailure[];
}

/**
 * Gets a further token for a sealed archive from each authority and keeps it as a signed custody event beside it. The first covers the
 * signature; each later one covers the tokens before it as well, so that it vouches for them when their certificates or algorithms have
 * aged. Throws `VERIFY_FAILED` for an archive that is not intact, `TIMESTAMP_FAILED` when no authority gave a token, and as
 * `addCustodyEvent`.
 */
export async function retimestamp(request: VerifyRequest, deps: RetimestampDeps): Promise<RetimestampSummary> {
  const { report, toStamp } = await lookAt(request, deps);
  const timestamps: LaterTimestamp[] = [];
  const failures: TimestampFailure[] = [];
  let stamped = toStamp;
  for (const timestamper of deps.timestampers) {
    try {
      const token = await getToken(timestamper, stamped, deps.signal);
      timestamps.push(await keep(token, { request, report, deps }));
      stamped = Buffer.concat([stamped, token.reply]);
    } catch (error) {
      if (deps.signal.aborted || !(error instanceof ExhibitError) || error.code !== 'TIMESTAMP_FAILED') throw error;
      failures.push({ url: timestamper.url, reason: error.message });
    }
  }
  if (timestamps.length === 0) throw noToken(request.archivePath, failures);
  return {
    exhibitId: exhibitOf(report).exhibitId,
    archive: request.archivePath,
    verdict: report.verdict,
    timestamps,
    timestampFailures: failures,
  };
}

async function lookAt(
  request: VerifyRequest,
  deps: RetimestampDeps,
): Promise<{ readonly report: VerifyReport; readonly toStamp: Buffer }> {
  let toStamp = Buffer.alloc(0);
  const onToStamp = (bytes: Buffer): void => {
    toStamp = Buffer.from(bytes);
  };
  // Asked for, so that the tokens of the custody folder are read: the new one covers them.
  const report = await verify({ ...request, requireTimestamp: true, onToStamp }, deps);
  if (!STAMPABLE.includes(report.verdict) || toStamp.length === 0) throw notStampable(report);
  const later = report.timestamps.filter(({ path }) => !path.startsWith('seal/')).length;
  if (later >= MAX_LATER_TOKENS)
    throw new ExhibitError('USAGE_INVALID', `at most ${String(MAX_LATER_TOKENS)} tokens are kept beside an archive`, {
      subject: request.archivePath,
    });
  return { report, toStamp };
}

async function keep(
  token: NewToken,
  {
    request,
    report,
    deps,
  }: { readonly request: VerifyRequest; readonly report: VerifyReport; readonly deps: RetimestampDeps },
): Promise<LaterTimestamp> {
  const { url, authority, genTime, tsrSha256 } = token;
  const { path, sequence } = await addCustodyEvent({
    archivePath: request.archivePath,
    exhibit: exhibitOf(report),
    event: {
      event: 'retimestamp',
      verified: { verdict: report.verdict, reportSha256: sha256OfText(`${asciiJson(report)}\n`) },
      data: { url, genTime, ...tokenData(token) },
    },
    signer: deps.signer,
    clock: deps.clock,
  });
  return { url, authority, genTime, tsrSha256, path, sequence };
}

function exhibitOf({ statement, tagmanifestSha256, containerSha256 }: VerifyReport): CustodyExhibit {
  if (statement === null || tagmanifestSha256 === null || containerSha256 === null)
    throw new ExhibitError('INTERNAL', 'an archive that is intact has a statement and digests');
  return { exhibitId: statement.exhibitId, tagmanifestSha256, containerSha256 };
}

function notStampable({ archive, verdict }: VerifyReport): ExhibitError {
  return new ExhibitError('VERIFY_FAILED', `the verdict is ${verdict}; no token was asked for`, {
    subject: archive,
    hints: ['exhibit verify ARCHIVE'],
    safe: 'The custody record is as it was.',
  });
}

function noToken(archive: string, failures: readonly TimestampFailure[]): ExhibitError {
  const reasons = failures.map(({ url, reason }) => `${url}: ${reason}`).join('; ');
  return new ExhibitError('TIMESTAMP_FAILED', `no time-stamping authority gave a token: ${reasons}`, {
    subject: archive,
    hints: ['exhibit custody retimestamp ARCHIVE --tsa URL'],
    safe: 'The archive and its custody record are as they were.',
    retryable: true,
  });
}
