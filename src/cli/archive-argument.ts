import { existsSync } from 'node:fs';
import { caseLayout } from '../evidence/case-file.js';
import { sealedPaths } from '../evidence/finished-seal.js';
import { ExhibitError } from '../model/errors.js';
import type { Context } from './context.js';

const EXHIBIT_ID = /^([a-z0-9][a-z0-9-]{2,23})-x\d{4}$/;

/**
 * The path of an archive that was named by path or by exhibit id. An id is looked up among the sealed exhibits of its case; where both are
 * there, the encrypted archive is the one that leaves a machine. Throws `USAGE_INVALID` for an id of which no archive is there.
 */
export function archivePathOf(context: Context, argument: string): string {
  const [exhibitId, caseId] = EXHIBIT_ID.exec(argument) ?? [];
  if (exhibitId === undefined || caseId === undefined || existsSync(argument)) return argument;
  const { sealed } = caseLayout(context.locations.casesDirectory, caseId);
  const { encrypted, archive } = sealedPaths(sealed, exhibitId);
  const found = [encrypted, archive].find((path) => existsSync(path));
  if (found !== undefined) return found;
  throw new ExhibitError('USAGE_INVALID', 'no sealed exhibit of this machine has this id', {
    subject: exhibitId,
    hints: ['exhibit case show', 'exhibit seal'],
  });
}
