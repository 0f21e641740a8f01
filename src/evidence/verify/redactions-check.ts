import type { Statement } from '../../model/exhibit.js';
import { redactionRecordSchema, type RedactionRecord } from '../../model/redaction.js';
import { REDACTIONS, STATEMENT } from '../bag-layout.js';
import { isBagPath } from '../bag-order.js';
import { SortedSpill } from '../sorted-spill.js';
import type { Findings } from './findings.js';
import type { PayloadLedger } from './payload-ledger.js';
import { recordLines, type TagConsumer } from './record-lines.js';

const SORT_MEMORY_BYTES = 1024 * 1024;
const PART = /\.p\d{4}$/;

/**
 * The ledger of a redacted copy: there if and only if the statement says that the exhibit is one, with as many lines as it says, in the
 * order of path and offset, none overlapping; what was masked is in the archive, and what was removed is not.
 */
export class RedactionsCheck {
  readonly consumer: TagConsumer;
  readonly #findings: Findings;
  readonly #directory: string;
  readonly #paths: SortedSpill;
  #lines = 0;
  #isThere = false;
  #previous: RedactionRecord | null = null;

  constructor(findings: Findings, directory: string) {
    this.#findings = findings;
    this.#directory = directory;
    this.#paths = this.#spill();
    const lines = recordLines({
      path: REDACTIONS,
      schema: redactionRecordSchema,
      findings,
      onRecord: (record, _raw, place) => {
        this.#see(record, place);
      },
    });
    this.consumer = {
      write: (bytes) => {
        lines.write(bytes);
      },
      end: () => {
        this.#isThere = true;
        lines.end();
      },
    };
  }

  /** After the last file of the archive. */
  conclude({ derivedFrom, exhibitId }: Statement, payload: PayloadLedger): void {
    const stated = derivedFrom === undefined ? 'none' : String(derivedFrom.redactions);
    const found = this.#isThere ? String(this.#lines) : 'none';
    if (stated !== found)
      this.#findings.add('statement', { path: STATEMENT, expected: `derivedFrom.redactions ${found}`, found: stated });
    if (derivedFrom?.exhibitId === exhibitId)
      this.#findings.add('statement', { path: STATEMENT, expected: 'derivedFrom: another exhibit', found: exhibitId });
    this.#comparePaths(payload);
  }

  dispose(): void {
    this.#paths.dispose();
  }

  #see(record: RedactionRecord, place: string): void {
    this.#lines += 1;
    const { path, offset, kind } = record;
    const previous = this.#previous;
    this.#previous = record;
    if (!path.startsWith('data/') || !isBagPath(path)) this.#add(place, 'a path of a payload file', path);
    else if (!isAfter(record, previous))
      this.#add(place, 'a range after the one before, in another place', `${path} at ${String(offset)}`);
    else if (path !== previous?.path) this.#paths.add(path, kind);
  }

  #comparePaths(payload: PayloadLedger): void {
    // A file that was split may be whole in the copy, and the other way round.
    const whole = this.#spill();
    const first = this.#spill();
    try {
      const report = (path: string): void => this.#add(path, 'a masked file that is in the archive', 'no such file');
      this.#unmatched(this.#paths, payload, (path) => whole.add(path.replace(PART, ''), path));
      this.#unmatched(whole, payload, (path, named) => first.add(`${path}.p0001`, named));
      this.#unmatched(first, payload, (_path, named) => report(named));
    } finally {
      whole.dispose();
      first.dispose();
    }
  }

  /** Calls `onMissing` for what was masked and is not there; what was removed and is there is a finding. */
  #unmatched(spill: SortedSpill, payload: PayloadLedger, onMissing: (path: string, named: string) => void): void {
    if (spill.count === 0) return;
    const comparison = payload.compare(() => undefined);
    let previous: { readonly key: string; readonly isThere: boolean } | undefined;
    for (const { key, value } of spill.drainSync()) {
      if (previous?.key !== key) previous = { key, isThere: comparison.match(key) !== null };
      if (value === 'removed' && previous.isThere)
        this.#add(key, 'a removed file that is not in the archive', 'the file');
      if (value !== 'removed' && !previous.isThere) onMissing(key, value === 'masked' ? key : value);
    }
  }

  #spill(): SortedSpill {
    return new SortedSpill({ directory: this.#directory, maxMemoryBytes: SORT_MEMORY_BYTES });
  }

  #add(path: string, expected: string, found: string): void {
    this.#findings.add('closure', { path, expected, found });
  }
}

function isAfter(record: RedactionRecord, previous: RedactionRecord | null): boolean {
  if (previous === null || record.path > previous.path) return true;
  return (
    record.path === previous.path &&
    record.kind === 'masked' &&
    previous.kind === 'masked' &&
    record.offset >= previous.offset + previous.lengthBytes
  );
}
