import type { ExhibitSpool } from '../evidence/exhibit-spool.js';
import { ExhibitError } from '../model/errors.js';

/**
 * An open exhibit that is a redacted copy is what a derive that died left behind. Only derive searches a copy for what must not be in it, so
 * nobody else seals one or collects into one. Throws `USAGE_INVALID`.
 */
export function assertNoCopy(exhibit: ExhibitSpool): void {
  const parent = exhibit.opening()?.derivedFrom;
  if (parent === undefined) return;
  throw new ExhibitError(
    'USAGE_INVALID',
    `exhibit ${exhibit.exhibitId} is a redacted copy of ${parent.exhibitId} that was not finished`,
    {
      subject: exhibit.exhibitId,
      hints: [`exhibit derive ${parent.exhibitId}.tar.gz --redact RULES`],
      safe: 'Nothing was changed. The next derive into this case gives the unfinished copy up and makes a new one.',
    },
  );
}
