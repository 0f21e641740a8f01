import type { CustodyRecord } from '../../model/post-seal-custody.js';
import type { CustodyFindings } from './custody-findings.js';

interface Out {
  readonly seq: number;
  readonly file: string;
  readonly sha256: string;
  readonly signer: string;
  /** Of the ciphertext that was handed over; `null` where it was the plain archive. */
  readonly encryptedSha256: string | null;
}

/** Whether two sides name two different ciphertexts; a side that names none was about the plain archive, which the record is about anyway. */
export function areOtherCiphertexts(out: string | null, into: string | null): boolean {
  return out !== null && into !== null && out !== into;
}

/** What nobody takes over as the archive that was handed over. */
const REFUSED: ReadonlySet<string> = new Set(['TAMPERED', 'UNDETERMINED']);

/**
 * Pairs each `transfer-out` with the `transfer-in` that countersigns it. A pair is complete when the receiver's event names the releaser's
 * by digest, is signed by another key, names no other ciphertext, and says that the receiver verified the archive and found it intact.
 */
export class TransferPairs {
  readonly #findings: CustodyFindings;
  readonly #open = new Map<string, Out>();
  readonly #answered = new Set<string>();

  constructor(findings: CustodyFindings) {
    this.#findings = findings;
  }

  /** The newest `transfer-out` that nobody has countersigned. */
  get newestOpen(): Out | null {
    return [...this.#open.values()].at(-1) ?? null;
  }

  see(record: CustodyRecord, file: { readonly name: string; readonly sha256: string }): void {
    if (record.event === 'transfer-out')
      this.#open.set(file.sha256, {
        seq: record.seq,
        file: file.name,
        sha256: file.sha256,
        signer: record.signer,
        encryptedSha256: record.encryptedSha256,
      });
    if (record.event === 'transfer-in') this.#close(record, file.name);
    else if (record.answers !== null) this.#wrong(record.seq, file.name, 'only a transfer-in answers another event');
  }

  /** After the last event: those that nobody has countersigned. */
  end(): void {
    for (const { seq, file } of this.#open.values())
      this.#unpaired(seq, file, 'no transfer-in countersigns it: the transfer is not complete');
  }

  #close({ seq, answers, signer, verified, encryptedSha256 }: CustodyRecord, name: string): void {
    const out = answers === null ? undefined : this.#open.get(answers);
    if (out === undefined) {
      const again = answers !== null && this.#answered.has(answers);
      this.#wrong(seq, name, again ? 'the transfer-out was countersigned before' : 'there is no such transfer-out');
      return;
    }
    if (out.signer === signer) {
      this.#wrong(seq, name, `releaser and receiver signed with the same key (${out.file})`);
      return;
    }
    if (areOtherCiphertexts(out.encryptedSha256, encryptedSha256)) {
      this.#wrong(seq, name, `the ciphertext taken over is not the one that was handed over (${out.file})`);
      return;
    }
    this.#open.delete(out.sha256);
    this.#answered.add(out.sha256);
    if (verified === null) this.#unpaired(seq, name, 'the receiver did not verify the archive');
    else if (REFUSED.has(verified.verdict))
      this.#unpaired(seq, name, `the receiver found the archive to be ${verified.verdict}`);
  }

  #unpaired(seq: number, file: string, detail: string): void {
    this.#findings.add({ kind: 'unpaired', seq, file, detail });
  }

  #wrong(seq: number, file: string, detail: string): void {
    this.#findings.add({ kind: 'not-countersigned', seq, file, detail });
  }
}
