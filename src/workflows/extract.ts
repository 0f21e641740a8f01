import { ExhibitError } from '../model/errors.js';
import type { Verdict, VerifyReport } from '../model/verdict.js';
import { extractArchive } from '../evidence/extract/extract-archive.js';
import type { Clock } from '../ports/clock.js';
import { verify, type VerifyRequest } from './verify.js';

export interface ExtractRequest {
  readonly archive: VerifyRequest;
  readonly outputPath: string;
  /** Payload to take, as paths of the bag; none = all. */
  readonly paths: readonly string[];
  /** A verdict that is taken although it is none of the good ones, as the user typed it. */
  readonly accepted: Verdict | null;
}

export interface ExtractSummary {
  readonly archive: string;
  readonly output: string;
  readonly files: number;
  readonly sizeBytes: number;
  readonly leftOut: number;
  readonly report: VerifyReport;
}

const GOOD: readonly Verdict[] = ['VERIFIED', 'VERIFIED_PARTIAL'];
const PAYLOAD = /^data(?:\/[a-z0-9_][a-z0-9._-]*)*$/;

/**
 * Verifies an archive and takes its files out into a new folder. Throws `VERIFY_FAILED` for a verdict that is neither good nor accepted in
 * words, `USAGE_INVALID` for paths that no payload can have, and as `extractArchive`.
 */
export async function extract(
  request: ExtractRequest,
  deps: { readonly clock: Clock; readonly scratchDirectory: string; readonly signal: AbortSignal },
): Promise<ExtractSummary> {
  const { archive, outputPath, accepted } = request;
  const prefixes = request.paths.map(prefixOf);
  const report = await verify(archive, deps);
  if (!GOOD.includes(report.verdict) && report.verdict !== accepted) throw refused(report, accepted);
  const { archivePath } = archive;
  const extracted = await extractArchive({ archivePath, report, outputPath, prefixes, signal: deps.signal });
  return { archive: archivePath, output: outputPath, ...extracted, report };
}

function prefixOf(path: string): string {
  const prefix = path.replace(/\/+$/, '');
  if (PAYLOAD.test(prefix)) return prefix;
  throw new ExhibitError('USAGE_INVALID', 'payload lies below data/, in lower case; show -o wide lists it', {
    subject: path,
    hints: ['exhibit show ARCHIVE -o wide'],
  });
}

function refused({ archive, verdict, line }: VerifyReport, accepted: Verdict | null): ExhibitError {
  const typed = accepted === null ? '' : ` (--accept ${accepted} was given)`;
  return new ExhibitError('VERIFY_FAILED', `nothing is taken out of an archive that does not verify${typed}: ${line}`, {
    subject: archive,
    safe: 'Nothing was written.',
    hints: ['exhibit verify ARCHIVE', `exhibit extract ARCHIVE --output FOLDER --accept ${verdict}`],
  });
}
