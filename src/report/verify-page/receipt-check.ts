import type { Receipt, Statement } from '../../model/exhibit.js';
import type { Findings } from './findings.js';

export interface ReceiptFacts {
  readonly statement: Statement | null;
  readonly tagmanifestSha256: string | null;
  readonly containerSha256: string;
  /** Fingerprints of the keys in the signatures that are good, or that could not be checked here. */
  readonly signers: readonly string[];
  readonly tsrSha256: string | null;
  /** As the first token says, unchecked. */
  readonly genTime: string | null;
}

const IN_STATEMENT = [
  'exhibitId',
  'sequence',
  'kind',
  'custodyHeadSha256',
  'custodyEntries',
  'payloadFiles',
  'payloadBytes',
] as const;

type Value = string | number | null | undefined;

/** Compares the archive with the receipt that was kept elsewhere. `encryptedSha256` is not of the archive and not compared. */
export function checkReceipt(receipt: Receipt, facts: ReceiptFacts, findings: Findings): void {
  const signer = facts.signers.find((fingerprint) => fingerprint === receipt.signer);
  const rows: [string, Value, Value][] = [
    ['containerSha256', receipt.containerSha256, facts.containerSha256],
    ['tagmanifestSha256', receipt.tagmanifestSha256, facts.tagmanifestSha256],
    ...IN_STATEMENT.map((field): [string, Value, Value] => [field, receipt[field], facts.statement?.[field]]),
    ['signer', receipt.signer, signer ?? facts.signers[0] ?? 'no signature'],
  ];
  if (receipt.tsrSha256 !== undefined) rows.push(['tsrSha256', receipt.tsrSha256, facts.tsrSha256]);
  if (receipt.genTime !== undefined) rows.push(['genTime', receipt.genTime, facts.genTime]);
  for (const [what, expected, found] of rows) {
    if (expected === found) continue;
    findings.add('receipt', { path: '', expected: `${what} ${String(expected)}`, found: String(found ?? 'none') });
  }
}
