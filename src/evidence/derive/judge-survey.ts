import { ExhibitError } from '../../model/errors.js';
import type { Io } from '../../ports/io.js';
import type { Survey } from './redaction-survey.js';
import type { RuleSet } from './rule-set.js';
import { scanArchive } from './scan-archive.js';
import { MAX_DISTINCT, type SecretPlace } from './secret-tally.js';

const SHOWN_FINDINGS = 100;

export interface SurveyJudgement {
  readonly survey: Survey;
  readonly rules: RuleSet;
  /** The number of findings that was typed; `null` = none. */
  readonly acceptedFindings: number | null;
  readonly io: Io;
}

/**
 * Whether a copy may be made. Throws `REDACTION_RULES_INVALID` when nothing would go, and `REDACTION_INCOMPLETE` when something that looks
 * like a secret would be left and not exactly that many were accepted. Each place is a message; what stands there is in none.
 */
export function judgeSurvey({ survey, rules, acceptedFindings, io }: SurveyJudgement): void {
  for (const rule of rules.unused())
    io.emit('DERIVE_RULE_UNUSED', `rule ${rule} fits no file of the archive`, { rule });
  if (survey.redactions === 0)
    throw new ExhibitError(
      'REDACTION_RULES_INVALID',
      'the rules take nothing out: a copy would be the archive itself',
      {
        hints: ['exhibit show ARCHIVE -o wide'],
        safe: 'Nothing was written.',
      },
    );
  const { count, isFull } = survey.secrets;
  if (count === (acceptedFindings ?? 0) && !isFull) {
    if (count > 0) io.emit('DERIVE_FINDINGS_ACCEPTED', `${String(count)} findings were accepted`, { findings: count });
    return;
  }
  const places = survey.secrets.places();
  tell(places, io);
  const total = isFull ? `more than ${String(MAX_DISTINCT)}` : String(count);
  const accepted = acceptedFindings === null ? '' : `, and ${String(acceptedFindings)} were accepted`;
  throw incomplete(`the copy would hold ${total} texts or items that look like secrets${accepted}${firstOf(places)}`, {
    safe: 'Nothing was written.',
    hints: [
      'Add rules for the places above',
      ...(isFull ? [] : [`exhibit derive ... --accept-findings ${String(count)}`]),
    ],
  });
}

/** Looks through the finished archive, records and seal included, for what the survey did not know; before it has its name. Throws `REDACTION_INCOMPLETE`. */
export async function assertClean(
  sealed: { readonly archivePath: string; readonly containerSha256: string },
  survey: Survey,
  io: Io,
): Promise<void> {
  const found = await scanArchive(sealed.archivePath, sealed.containerSha256);
  const places = found.beyond(survey.secrets);
  if (places.length === 0) return;
  tell(places, io);
  throw incomplete(`the finished copy holds ${String(places.length)} texts that look like secrets${firstOf(places)}`, {
    safe: 'The copy was not sealed, and no archive of it is left.',
    hints: ['Remove what is named from the case or the rules, and derive again'],
  });
}

function tell(places: readonly SecretPlace[], io: Io): void {
  for (const { kind, path, offset } of places.slice(0, SHOWN_FINDINGS))
    io.emit('DERIVE_FINDING', `${kind}: ${path} at byte ${String(offset)}`, { kind, path, offset });
}

function firstOf([first]: readonly SecretPlace[]): string {
  return first === undefined ? '' : `; the first: ${first.kind} in ${first.path} at byte ${String(first.offset)}`;
}

function incomplete(
  message: string,
  options: { readonly safe: string; readonly hints: readonly string[] },
): ExhibitError {
  return new ExhibitError('REDACTION_INCOMPLETE', message, options);
}
