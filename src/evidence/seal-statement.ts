import { CHAIN_START } from '../model/custody-entry.js';
import type { CaseFile } from '../model/case.js';
import { FORMAT_ID } from '../model/exhibit.js';
import type { Receipt, Statement, Tool } from '../model/exhibit.js';
import type { OutcomeCounts } from '../model/outcome.js';
import type { CustodyLog } from '../custody/custody-log.js';
import type { ExhibitHistory } from './case-state.js';
import { completenessOf } from './completeness.js';
import type { ExhibitSpool, Opening } from './exhibit-spool.js';

export interface SealPolicy {
  readonly requireTimestamp: boolean;
  readonly requireSigners: number;
}

/** For an exhibit whose process ended before it recorded who collected, where and with what. */
export function unknownOpening(file: CaseFile, tool: Tool | undefined): Opening {
  return {
    scope: null,
    authority: file.authority,
    operator: { apiIdentity: null, cloudIdentity: null, osUser: file.operator, host: 'unknown' },
    tool: tool ?? {
      name: 'exhibit',
      version: 'unknown',
      commit: 'unknown',
      programDigest: CHAIN_START,
      programFiles: 0,
      nodeVersion: process.version,
      platform: `${process.platform}-${process.arch}`,
    },
    connection: null,
    profileText: '',
    configText: '',
  };
}

export interface StatementParts {
  readonly file: CaseFile;
  readonly exhibit: Pick<ExhibitSpool, 'exhibitId' | 'sequence' | 'kind'>;
  readonly opening: Opening;
  /** All exhibits of the case. */
  readonly exhibits: readonly ExhibitHistory[];
  readonly policy: SealPolicy;
  readonly classification: string | null;
  readonly createdAt: string;
  readonly payloadFiles: number;
  readonly payloadBytes: number;
  readonly outcomes: OutcomeCounts;
  readonly gaps: number;
  readonly custody: Pick<CustodyLog, 'size' | 'head'>;
}

/** meta/exhibit.json, with the fields in the order of the schema. */
export function makeStatement(parts: StatementParts): Statement {
  const { file, exhibit, opening, custody } = parts;
  const earlier = parts.exhibits.filter(({ sequence }) => sequence < exhibit.sequence);
  const previous = earlier.findLast(({ state }) => state === 'sealed');
  return {
    format: FORMAT_ID,
    policy: parts.policy,
    exhibitId: exhibit.exhibitId,
    caseId: file.caseId,
    sequence: exhibit.sequence,
    previous:
      previous === undefined
        ? null
        : { exhibitId: previous.exhibitId, tagmanifestSha256: previous.tagmanifestSha256 ?? CHAIN_START },
    openedNotSealed: earlier
      .filter(({ state }) => state !== 'sealed')
      .map(({ exhibitId, sequence, custodyHeadSha256 }) => ({
        exhibitId,
        sequence,
        custodyHeadSha256: custodyHeadSha256 ?? CHAIN_START,
      })),
    kind: exhibit.kind,
    createdAt: parts.createdAt,
    scope: opening.scope,
    authority: opening.authority,
    operator: opening.operator,
    tool: opening.tool,
    payloadFiles: parts.payloadFiles,
    payloadBytes: parts.payloadBytes,
    outcomeCounts: parts.outcomes,
    custodyEntries: custody.size,
    custodyHeadSha256: custody.head.sha256,
    completeness: completenessOf(parts.outcomes, parts.gaps),
    holdId: file.hold,
    classification: parts.classification,
    ...(opening.derivedFrom === undefined ? {} : { derivedFrom: opening.derivedFrom }),
  };
}

export interface ReceiptParts {
  readonly statement: Statement;
  readonly tagmanifestSha256: string;
  readonly containerSha256: string;
  /** Fingerprint. */
  readonly signer: string;
  /** The first one that was got. */
  readonly token: { readonly genTime: string; readonly tsrSha256: string } | undefined;
}

/** What leaves the machine at the seal; the only defence against somebody who seals again. */
export function makeReceipt(parts: ReceiptParts): Receipt {
  const { statement, tagmanifestSha256, containerSha256, signer, token } = parts;
  return {
    exhibitId: statement.exhibitId,
    sequence: statement.sequence,
    kind: statement.kind,
    tagmanifestSha256,
    custodyHeadSha256: statement.custodyHeadSha256,
    custodyEntries: statement.custodyEntries,
    payloadFiles: statement.payloadFiles,
    payloadBytes: statement.payloadBytes,
    containerSha256,
    signer,
    ...(token === undefined ? {} : { genTime: token.genTime, tsrSha256: token.tsrSha256 }),
  };
}
