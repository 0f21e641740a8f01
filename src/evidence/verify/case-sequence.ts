import type { Receipt, Statement } from '../../model/exhibit.js';

/** One archive of a case, as its statement names it. */
export interface SequenceMember {
  readonly archive: string;
  readonly statement: Pick<
    Statement,
    'caseId' | 'exhibitId' | 'sequence' | 'previous' | 'openedNotSealed' | 'custodyHeadSha256'
  >;
  readonly tagmanifestSha256: string;
}

/** Something about the archives together that is not as it must be. */
export interface SequenceFinding {
  readonly exhibitId: string;
  readonly expected: string;
  readonly found: string;
}

/** Four digits. */
const MAX_SEQUENCE = 9999;

type Kept = Pick<Receipt, 'exhibitId' | 'sequence' | 'tagmanifestSha256'>;

const digest = (sha256: string): string => `tagmanifest ${sha256}`;

function idOf(caseId: string, sequence: number): string {
  return `${caseId}-x${String(sequence).padStart(4, '0')}`;
}

class Sequence {
  readonly #members: readonly SequenceMember[];
  readonly #findings: SequenceFinding[] = [];
  readonly #byId = new Map<string, SequenceMember>();

  constructor(members: readonly SequenceMember[]) {
    this.#members = members;
  }

  check(receipts: readonly Kept[]): readonly SequenceFinding[] {
    const [first, ...others] = this.#members;
    if (first === undefined) return [];
    const { caseId } = first.statement;
    for (const { statement } of others) {
      if (statement.caseId !== caseId) this.#add(statement.exhibitId, `an exhibit of case ${caseId}`, statement.caseId);
    }
    for (const member of this.#members) this.#index(member);
    for (const member of this.#members) this.#checkPrevious(member);
    for (const member of this.#members) this.#checkNeverSealed(member);
    for (const receipt of receipts) this.#checkReceipt(receipt);
    this.#checkNumbers(caseId, receipts);
    return this.#findings;
  }

  #index(member: SequenceMember): void {
    const { exhibitId } = member.statement;
    const other = this.#byId.get(exhibitId);
    if (other !== undefined && other.tagmanifestSha256 !== member.tagmanifestSha256)
      this.#add(
        exhibitId,
        `one exhibit of this number, ${digest(other.tagmanifestSha256)}`,
        digest(member.tagmanifestSha256),
      );
    this.#byId.set(exhibitId, other ?? member);
  }

  #checkPrevious({ statement: { exhibitId, previous } }: SequenceMember): void {
    const before = previous === null ? undefined : this.#byId.get(previous.exhibitId);
    if (previous === null || before === undefined) return;
    if (before.tagmanifestSha256 === previous.tagmanifestSha256) return;
    this.#add(
      previous.exhibitId,
      `${digest(previous.tagmanifestSha256)}, as ${exhibitId} names it`,
      digest(before.tagmanifestSha256),
    );
  }

  /** An exhibit that a later one calls never sealed has no archive; one that was sealed since has another custody log than was named. */
  #checkNeverSealed({ statement }: SequenceMember): void {
    for (const { exhibitId } of statement.openedNotSealed) {
      if (this.#byId.has(exhibitId))
        this.#add(exhibitId, `no archive: ${statement.exhibitId} says that it was never sealed`, 'an archive');
    }
  }

  #checkReceipt({ exhibitId, tagmanifestSha256 }: Kept): void {
    const member = this.#byId.get(exhibitId);
    if (member === undefined) this.#add(exhibitId, 'the archive of the receipt that was kept', 'none');
    else if (member.tagmanifestSha256 !== tagmanifestSha256)
      this.#add(
        exhibitId,
        `${digest(tagmanifestSha256)}, as the receipt that was kept has it`,
        digest(member.tagmanifestSha256),
      );
  }

  /** Each number up to the last is an archive, or was never sealed. */
  #checkNumbers(caseId: string, receipts: readonly Kept[]): void {
    const neverSealed = new Set(
      this.#members.flatMap(({ statement }) => statement.openedNotSealed.map((one) => one.exhibitId)),
    );
    const last = Math.min(MAX_SEQUENCE, Math.max(...this.#members.map(({ statement }) => statement.sequence)));
    const named = new Set(receipts.map(({ exhibitId }) => exhibitId));
    for (let sequence = 1; sequence < last; sequence += 1) {
      const exhibitId = idOf(caseId, sequence);
      if (this.#byId.has(exhibitId) || neverSealed.has(exhibitId) || named.has(exhibitId)) continue;
      this.#add(exhibitId, 'the archive: a later exhibit is chained to it', 'none');
    }
  }

  #add(exhibitId: string, expected: string, found: string): void {
    this.#findings.push({ exhibitId, expected, found });
  }
}

/**
 * Whether archives are the whole of one case up to the last of them: one case, each number once, each chained to the one before it as it
 * is here, none missing, and those of the receipts that were kept elsewhere. What came after the last archive cannot be known from the
 * archives: only a receipt tells.
 */
export function checkSequence(
  members: readonly SequenceMember[],
  receipts: readonly Kept[],
): readonly SequenceFinding[] {
  return new Sequence(members).check(receipts);
}
