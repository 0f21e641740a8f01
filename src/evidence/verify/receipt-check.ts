import type { Receipt, Statement } from '../../model/exhibit.js';
import type { Findings } from './findings.js';

export interface ReceiptFacts {
  readonly statement: Statement | null;
  readonly tagmanifestSha256: string | null;
  readonly containerSha256: string;
  /** Of the age file that the archive was read out of; `null` = it was not encrypted. */
  readonly encryptedSha256: string | null;
  /** Fingerprints of good signatures. */
  readonly signers: readonly string[];
  readonly tsrSha256: string | null;
  /** Of the first token. */
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

/** Compares the archive with the receipt that was kept elsewhere, and the age file around it where it was read out of one. */
export function checkReceipt(receipt: Receipt, facts: ReceiptFacts, findings: Findings): void {
  const rows: [string, Value, Value][] = [
    ['containerSha256', receipt.containerSha256, facts.containerSha256],
    ['tagmanifestSha256', receipt.tagmanifestSha256, facts.tagmanifestSha256],
    ...IN_STATEMENT.map((field): [string, Value, Value] => [field, receipt[field], facts.statement?.[field]]),
    [
      'signer',
      receipt.signer,
      facts.signers.includes(receipt.signer) ? receipt.signer : (facts.signers[0] ?? 'no signature'),
    ],
  ];
  if (facts.encryptedSha256 !== null && receipt.encryptedSha256 !== undefined)
    rows.push(['encryptedSha256', receipt.encryptedSha256, facts.encryptedSha256]);
  if (receipt.tsrSha256 !== undefined) rows.push(['tsrSha256', receipt.tsrSha256, facts.tsrSha256]);
  if (receipt.genTime !== undefined) rows.push(['genTime', receipt.genTime, facts.genTime]);
  for (const [what, expected, found] of rows) {
    if (expected !== found)
      findings.add('receipt', { path: '', expected: `${what} ${String(expected)}`, found: String(found ?? 'none') });
  }
}
