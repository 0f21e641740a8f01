import { NOT_STATED } from '../../model/case.js';
import type { CustodyForm, CustodyFormEvent, CustodyFormTransfer, CustodySignatory } from '../../model/custody-form.js';
import type { Statement } from '../../model/exhibit.js';
import { shortData } from './short-data.js';
import type { CustodyEvent, CustodyReading, KnownExhibit } from './read-custody-folder.js';
import { areOtherCiphertexts } from './transfer-pairs.js';

export interface CustodyFormFacts {
  readonly exhibit: KnownExhibit;
  /** `null` where the archive is encrypted, and only its receipt is known. */
  readonly statement: Statement | null;
  /** Fingerprint of the seal's key. */
  readonly sealedBy: string | null;
  /** How people call the case, where the case is at hand; default: its token. */
  readonly caseReference?: string | null;
  readonly reading: Pick<CustodyReading, 'verdict' | 'findings'>;
  /** As `readCustodyFolder` gave them, in order. */
  readonly events: readonly CustodyEvent[];
}

/** The form of chain of custody of an archive: pure, from what was read. */
export function custodyFormOf(facts: CustodyFormFacts): CustodyForm {
  const { exhibit, statement, reading } = facts;
  const events = facts.events.map(formEvent);
  return {
    caseNumber: facts.caseReference ?? statement?.caseId ?? null,
    itemNumber: exhibit.exhibitId,
    description: descriptionOf(statement),
    ...originOf(statement),
    hashes: hashesOf(exhibit),
    sealedBy: facts.sealedBy,
    storageLocation: events.findLast(({ location }) => location !== null)?.location ?? null,
    hold: holdOf(events, statement),
    transfers: transfersOf(facts.events),
    events,
    disposition: events.findLast(({ event }) => event === 'dispose') ?? null,
    recordVerdict: reading.verdict,
    remarks: reading.findings.map(({ kind, file, detail }) => `${kind}: ${file === '' ? 'folder' : file}: ${detail}`),
  };
}

function descriptionOf(statement: Statement | null): string {
  if (statement === null) return 'encrypted evidence archive (.tar.gz.age)';
  const { kind, payloadFiles, payloadBytes } = statement;
  return `sealed evidence archive (.tar.gz), ${kind}, ${String(payloadFiles)} files of ${String(payloadBytes)} bytes`;
}

type Origin = Pick<
  CustodyForm,
  'source' | 'collectedBy' | 'collectedAt' | 'place' | 'method' | 'authority' | 'condition' | 'classification'
>;

const UNKNOWN: Origin = {
  source: null,
  collectedBy: null,
  collectedAt: null,
  place: null,
  method: null,
  authority: null,
  condition: null,
  classification: null,
};

function sourceOf({ apiServer, clusterUid, nodes }: NonNullable<Statement['scope']>): string {
  if (apiServer === null) return `${nodes.join(', ')} (no cluster was asked)`;
  return `${apiServer} (cluster ${clusterUid ?? 'of unknown identity'})`;
}

function originOf(statement: Statement | null): Origin {
  if (statement === null) return UNKNOWN;
  const { scope, operator, tool, authority, completeness, createdAt, classification } = statement;
  return {
    source: scope === null ? null : sourceOf(scope),
    collectedBy:
      operator.apiIdentity === null ? operator.osUser : `${operator.osUser}, ${operator.apiIdentity.username}`,
    collectedAt: createdAt,
    place: operator.host,
    method: `${tool.name} ${tool.version}, program digest ${tool.programDigest}`,
    authority: authority === NOT_STATED ? NOT_STATED : `${authority.by}, ${authority.at}, ${authority.ground}`,
    condition: completeness,
    classification,
  };
}

function hashesOf({ containerSha256, tagmanifestSha256, encryptedSha256 }: KnownExhibit): CustodyForm['hashes'] {
  const hash = (of: string, value: string | undefined) =>
    value === undefined ? [] : [{ of, algorithm: 'SHA-256', value } as const];
  return [
    ...hash('archive', containerSha256),
    ...hash('tagmanifest-sha256.txt', tagmanifestSha256),
    ...hash('encrypted archive', encryptedSha256),
  ];
}

function signatoryOf({ record, signature }: CustodyEvent): CustodySignatory | null {
  return signature === null ? null : { principal: signature.trust.principal, fingerprint: record.signer };
}

function formEvent(found: CustodyEvent): CustodyFormEvent {
  const { seq, event, at, from, to, location, purpose, authority, remarks, verified } = found.record;
  return {
    seq,
    event,
    at,
    signedBy: signatoryOf(found),
    from,
    to,
    location,
    purpose,
    authority,
    remarks,
    data: shortData(found.record.data),
    verdict: verified?.verdict ?? null,
    sha256: found.sha256,
  };
}

/** The newest hold that no release followed; the hold of the case where neither was ever written. */
function holdOf(events: readonly CustodyFormEvent[], statement: Statement | null): string | null {
  const last = events.findLast(({ event }) => event === 'hold' || event === 'release');
  if (last === undefined) return statement?.holdId ?? null;
  if (last.event === 'release') return null;
  return last.authority ?? last.purpose ?? last.remarks ?? `event ${String(last.seq)}`;
}

function transfersOf(events: readonly CustodyEvent[]): CustodyFormTransfer[] {
  const outs = events.filter(({ record }) => record.event === 'transfer-out');
  const outOf = new Map(outs.map(({ sha256, record }) => [sha256, record]));
  const answers = new Map<string, CustodyEvent>();
  for (const event of events) {
    const { answers: out, signer, encryptedSha256 } = event.record;
    // What nobody else signed countersigns nothing, nor what is about another ciphertext.
    if (out === null || event.signature === null) continue;
    const released = outOf.get(out);
    if (released?.signer === signer || areOtherCiphertexts(released?.encryptedSha256 ?? null, encryptedSha256))
      continue;
    if (!answers.has(out)) answers.set(out, event);
  }
  return outs.map((out) => transferOf(out, answers.get(out.sha256) ?? null));
}

function transferOf(out: CustodyEvent, into: CustodyEvent | null): CustodyFormTransfer {
  const released: CustodyFormTransfer = {
    releasedBy: out.record.from,
    receivedBy: out.record.to,
    releasedAt: out.record.at,
    receivedAt: null,
    purpose: out.record.purpose,
    releaserSignature: signatoryOf(out),
    receiverSignature: null,
    verifiedByReceiver: null,
  };
  if (into === null) return released;
  const { from, to, at, purpose, verified } = into.record;
  return {
    ...released,
    releasedBy: released.releasedBy ?? from,
    receivedBy: to ?? released.receivedBy,
    receivedAt: at,
    purpose: released.purpose ?? purpose,
    receiverSignature: signatoryOf(into),
    verifiedByReceiver: verified?.verdict ?? null,
  };
}
