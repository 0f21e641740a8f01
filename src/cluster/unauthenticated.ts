import { ExhibitError } from '../model/errors.js';
import type { ResolvedConnection } from './resolved-connection.js';

/** The server refused the credential and the one that was fetched in its place. */
export function unauthenticated(connection: Pick<ResolvedConnection, 'facts'>): ExhibitError {
  return new ExhibitError(
    'CLUSTER_UNAUTHENTICATED',
    'The API server does not accept the credential (401), a renewed one neither.',
    {
      subject: connection.facts.server,
      hints: ['kubectl auth whoami', 'Log in again, then: exhibit resume'],
    },
  );
}
