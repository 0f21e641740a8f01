import { NOT_STATED } from '../../model/case.js';
import type { Kind, Statement } from '../../model/exhibit.js';
import { OUTCOMES, type OutcomeRecord } from '../../model/outcome.js';
import type { VerifyReport } from '../../model/verdict.js';
import type { HandoverFacts } from './handover-facts.js';

const KIND_WARNING: Readonly<Record<Kind, string | null>> = {
  incident: null,
  drill:
    'THIS IS A DRILL: the archive was collected for practice and says so in its signed statement. It is not evidence of an incident.',
  sandbox:
    'THIS IS A SANDBOX DRILL: the archive was collected from a simulated cluster and says so in its signed statement. It is evidence of nothing.',
};

/** `null` for an archive of an incident. */
export function kindWarning({ kind }: Pick<Statement, 'kind'>): string | null {
  return KIND_WARNING[kind];
}

/** `146 collected, 2 denied`. */
export function outcomesLine({ outcomeCounts }: Pick<Statement, 'outcomeCounts'>): string {
  const present = OUTCOMES.filter((outcome) => outcomeCounts[outcome] > 0);
  return present.map((outcome) => `${String(outcomeCounts[outcome])} ${outcome}`).join(', ');
}

export function authorityLine({ authority }: Pick<Statement, 'authority'>): string {
  if (authority === NOT_STATED) return `${NOT_STATED}. Whoever ordered the collection must be named by a person.`;
  const { by, at, ground, limits } = authority;
  const bounds = [
    ...(limits.namespaces === undefined ? [] : [`namespaces ${limits.namespaces.join(', ')}`]),
    ...(limits.nodes === undefined ? [] : [`nodes ${limits.nodes.join(', ')}`]),
    ...(limits.notAfter === undefined ? [] : [`until ${limits.notAfter}`]),
  ];
  return `${by}, ${at}, on the ground of ${ground}${bounds.length === 0 ? '' : `; limited to ${bounds.join('; ')}`}`;
}

export function scopeLine({ scope }: Pick<Statement, 'scope'>): string {
  if (scope === null) return 'not recorded: the run ended before it was written down.';
  const parts = [
    ...(scope.all ? ['the whole cluster'] : []),
    ...(scope.nodes.length === 0 ? [] : [`nodes ${scope.nodes.join(', ')}`]),
    ...(scope.namespaces.length === 0 ? [] : [`namespaces ${scope.namespaces.join(', ')}`]),
    ...(scope.pods.length === 0 ? [] : [`pods ${scope.pods.join(', ')}`]),
  ];
  const cluster = scope.clusterUid === null ? '' : `, cluster ${scope.clusterUid}`;
  const server = scope.apiServer === null ? 'no cluster was asked' : `API server ${scope.apiServer}`;
  return `${parts.join('; ')}; profile ${scope.profile}; ${server}${cluster}`;
}

export function apiIdentityLine({ operator }: Pick<Statement, 'operator'>): string {
  return operator.apiIdentity === null ? 'a name that could not be learned' : operator.apiIdentity.username;
}

/** Fingerprint, and who that is according to the trust list. */
export function signerLine({ signer }: Pick<VerifyReport, 'signer'>, trustSource: string | null): string {
  if (signer === null) return 'nobody: the archive is not signed';
  const { fingerprint, principal } = signer;
  if (principal !== null) return `${fingerprint}, which the list of signers given for the check names ${principal}`;
  return `${fingerprint}, which ${trustSource === null ? 'nobody vouched for: no list of signers was given' : 'is in no list of signers that was given'}`;
}

/** Why an artifact was not obtained, in the words of the ledger. */
export function gapReason({ reason, detail }: Pick<OutcomeRecord, 'reason' | 'detail'>): string {
  return detail === '' ? reason : `${reason}: ${detail}`;
}

/** What can be said of the record of custody after the seal. */
export function custodyWords({ custody }: Pick<HandoverFacts, 'custody'>): string {
  const { events, form } = custody;
  const count = `${String(events.length)} signed ${events.length === 1 ? 'event' : 'events'}`;
  switch (form.recordVerdict) {
    case 'CUSTODY_EMPTY':
      return 'No custody event after the seal is recorded.';
    case 'CUSTODY_INTACT':
      return `The record of custody after the seal is unbroken: ${count}, every signer known.`;
    case 'CUSTODY_UNTRUSTED':
      return `The record of custody after the seal is unbroken: ${count}, but a signer is in no list that was given.`;
    case 'CUSTODY_OPEN':
      return `The record of custody after the seal is unbroken: ${count}. A transfer in it is not yet countersigned by its receiver.`;
    case 'CUSTODY_BROKEN':
      return `THE RECORD OF CUSTODY AFTER THE SEAL IS NOT IN ORDER: ${form.remarks[0] ?? 'see exhibit custody verify'}.`;
  }
}
